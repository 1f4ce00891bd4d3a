using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>
/// Joins the rows of a history with the layers of the image. A config says which rows made no layer (OCI image-spec, config.md,
/// property <c>history</c>), so its join is exact or not made at all. An engine does not say it; there a row is joined only where
/// sizes and instructions leave exactly one way.
/// </summary>
public static class HistoryJoin
{
    // Instructions that change the config and never the file system. WORKDIR, RUN, COPY and ADD may make a layer without a byte in it.
    private static readonly string[] s_configInstructions =
    [
        "ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME",
    ];

    // What the classic builder and buildah write between the shell and an instruction that no shell ran.
    private const string NotRun = "#(nop)";

    private enum Kind
    {
        NoLayer,
        Layer,
        Unsure,
    }

    /// <summary>Joins the history of a config.</summary>
    /// <param name="config">The config, which came as a document.</param>
    /// <param name="layers">The layers of the manifest, the lowest first; null where the place keeps none, so that digests and stored sizes are unknown.</param>
    public static JoinedHistory Join(ImageConfig config, IReadOnlyList<Descriptor>? layers)
    {
        ArgumentNullException.ThrowIfNull(config);
        Layers all = new(config.Image, config.GetDiffIds(), layers);
        IReadOnlyList<ConfigHistory> history = config.History;
        if (history.Count == 0) return WithoutHistory(all);

        int filled = 0;
        foreach (ConfigHistory row in history)
            if (!row.EmptyLayer) filled++;

        string? warning = null;
        if (filled != all.Count)
            warning = $"The history of {DisplayText.Excerpt(config.Image)} has {DisplayText.Count(filled, "row")} for layers, but the image has {DisplayText.Count(all.Count, "layer")}: no row is joined with a layer.";
        else if (!all.Agree)
            warning = $"The config of {DisplayText.Excerpt(config.Image)} has {DisplayText.Count(all.DiffIds.Count, "diff id")}, but its manifest has {DisplayText.Count(all.Count, "layer")}: no row is joined with a layer.";

        ImageHistoryEntry[] rows = new ImageHistoryEntry[history.Count];
        int next = 0;
        for (int i = 0; i < history.Count; i++)
        {
            ConfigHistory row = history[i];
            ImageHistoryEntry bare = new()
            {
                Image = config.Image,
                Created = row.Created,
                CreatedBy = row.CreatedBy,
                Comment = row.Comment,
                Author = row.Author,
                Size = row.EmptyLayer ? 0 : null,
                JoinState = row.EmptyLayer ? HistoryJoinState.NoLayer : HistoryJoinState.CountsDiffer,
            };
            rows[^(i + 1)] = row.EmptyLayer || warning is not null ? bare : all.Join(bare, next++);
        }

        return warning is null ? new JoinedHistory(rows, null) : new JoinedHistory([.. rows, .. all.Rows(HistoryJoinState.CountsDiffer)], warning);
    }

    /// <summary>Joins the rows of an engine's history call with the diff ids of its inspect call.</summary>
    /// <param name="rows">The rows, the newest first.</param>
    /// <param name="diffIds">The diff ids, the lowest first.</param>
    /// <param name="image">The canonical name of the image, for the rows and the warning.</param>
    public static JoinedHistory Join(IReadOnlyList<EngineHistoryRow> rows, IReadOnlyList<Digest> diffIds, string image)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(diffIds);
        Layers all = new(image, diffIds, null);
        if (rows.Count == 0) return WithoutHistory(all);

        Kind[] kinds = new Kind[rows.Count];
        int sure = 0;
        int unsure = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            kinds[i] = KindOf(rows[i]);
            if (kinds[i] == Kind.Layer) sure++;
            if (kinds[i] == Kind.Unsure) unsure++;
        }

        bool differ = diffIds.Count < sure || diffIds.Count > sure + unsure;
        ImageHistoryEntry[] joined = new ImageHistoryEntry[rows.Count];

        // Of the unsure rows exactly so many made a layer. Seen from the bottom, a row has one place if the number of layers below it is certain.
        int filled = diffIds.Count - sure;
        int sureBelow = 0;
        int unsureBelow = 0;
        for (int i = rows.Count - 1; i >= 0; i--)
        {
            Kind kind = kinds[i];
            if (kind == Kind.Unsure && !differ && filled == 0) kind = Kind.NoLayer;
            if (kind == Kind.Unsure && !differ && filled == unsure) kind = Kind.Layer;

            ImageHistoryEntry bare = Bare(image, rows[i], kind == Kind.NoLayer ? HistoryJoinState.NoLayer : differ ? HistoryJoinState.CountsDiffer : HistoryJoinState.Ambiguous);
            int fewest = Math.Max(0, filled - (unsure - unsureBelow));
            int most = Math.Min(filled, unsureBelow);
            joined[i] = kind == Kind.Layer && !differ && fewest == most ? all.Join(bare, sureBelow + most) : bare;

            if (kinds[i] == Kind.Layer) sureBelow++;
            if (kinds[i] == Kind.Unsure) unsureBelow++;
        }

        if (!differ) return new JoinedHistory(joined, null);
        string layerRows = unsure == 0 ? DisplayText.Count(sure, "row") : $"{sure} to {DisplayText.Count(sure + unsure, "row")}";
        return new JoinedHistory([.. joined, .. all.Rows(HistoryJoinState.CountsDiffer)],
            $"The engine's history of {DisplayText.Excerpt(image)} has {layerRows} for layers, but the image has {DisplayText.Count(diffIds.Count, "layer")}: no row is joined with a layer.");
    }

    private static ImageHistoryEntry Bare(string image, EngineHistoryRow row, HistoryJoinState state) => new()
    {
        Image = image,
        Created = row.Created,
        CreatedBy = row.CreatedBy,
        Comment = row.Comment,
        Size = state == HistoryJoinState.NoLayer ? 0 : null,
        EngineSize = row.Size,
        EngineId = row.ImageId,
        Tags = row.Tags,
        JoinState = state,
    };

    private static JoinedHistory WithoutHistory(Layers all) => new(all.Rows(HistoryJoinState.NoHistory), null);

    private static Kind KindOf(EngineHistoryRow row)
    {
        if (row.Size > 0) return Kind.Layer;
        ReadOnlySpan<char> command = row.CreatedBy;
        int marker = command.IndexOf(NotRun, StringComparison.Ordinal);
        if (marker >= 0 && EndsWithFlag(command[..marker])) command = command[(marker + NotRun.Length)..];
        command = command.TrimStart();
        int end = command.IndexOfAny(' ', '\t', '[');
        ReadOnlySpan<char> instruction = end < 0 ? command : command[..end];
        foreach (string known in s_configInstructions)
            if (instruction.SequenceEqual(known)) return Kind.NoLayer;
        return Kind.Unsure;
    }

    // "/bin/sh -c ", "cmd /S /C ", "powershell -Command ": elsewhere the marker is a part of a command that did run.
    private static bool EndsWithFlag(ReadOnlySpan<char> shell)
    {
        shell = shell.TrimEnd();
        ReadOnlySpan<char> last = shell[(shell.LastIndexOf(' ') + 1)..];
        return last.Length > 1 && (last[0] == '-' || (last[0] == '/' && last.Length == 2));
    }

    // The layers of an image by what is known of them: diff ids from the config, digests and sizes from the manifest.
    private sealed class Layers(string image, IReadOnlyList<Digest> diffIds, IReadOnlyList<Descriptor>? descriptors)
    {
        internal IReadOnlyList<Digest> DiffIds => diffIds;

        internal int Count => descriptors?.Count ?? diffIds.Count;

        internal bool Agree => descriptors is null || descriptors.Count == diffIds.Count;

        internal ImageHistoryEntry Join(ImageHistoryEntry row, int index, HistoryJoinState state = HistoryJoinState.Joined) => row with
        {
            Layer = index,
            Digest = descriptors?[index].Digest,
            DiffId = Agree ? diffIds[index].ToString() : null,
            Size = descriptors?[index].Size is { } size and >= 0 ? size : null,
            JoinState = state,
        };

        internal List<ImageHistoryEntry> Rows(HistoryJoinState state)
        {
            List<ImageHistoryEntry> rows = new(Count);
            for (int i = Count - 1; i >= 0; i--) rows.Add(Join(new ImageHistoryEntry { Image = image }, i, state));
            return rows;
        }
    }
}

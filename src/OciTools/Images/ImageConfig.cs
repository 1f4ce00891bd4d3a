using System.Collections.Specialized;
using System.Text.Json;

namespace OciTools;

/// <summary>
/// The config of a container image: how it is run, what its root file system is, how it was made (OCI image-spec, config.md).
/// The config that an engine's inspect call gives has no exact bytes.
/// </summary>
public sealed class ImageConfig
{
    private readonly byte[]? _bytes;

    internal ImageConfig(string image, byte[]? bytes, string? imageId, ConfigReader.RunConfig run)
    {
        Image = image;
        _bytes = bytes;
        ImageId = imageId;
        User = run.User;
        Env = run.Env;
        EnvList = run.EnvList;
        Entrypoint = run.Entrypoint;
        Cmd = run.Cmd;
        WorkingDir = run.WorkingDir;
        ExposedPorts = run.ExposedPorts;
        Volumes = run.Volumes;
        Labels = run.Labels;
        Healthcheck = run.Healthcheck;
        StopSignal = run.StopSignal;
        Shell = run.Shell;
        OnBuild = run.OnBuild;
    }

    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public string Image { get; }

    /// <summary>The digest of the config; null where an engine does not tell it (one that keeps images in containerd's store).</summary>
    public string? ImageId { get; }

    /// <summary>What an engine calls the image where that is not the digest of the config; null elsewhere.</summary>
    public string? EngineId { get; internal init; }

    /// <summary>The platform, in canonical form.</summary>
    public string Platform => GetPlatform().ToString();

    /// <summary>The operating system.</summary>
    public string OS { get; internal init; } = "";

    /// <summary>The architecture.</summary>
    public string Architecture { get; internal init; } = "";

    /// <summary>The variant of the architecture; null for none.</summary>
    public string? Variant { get; internal init; }

    /// <summary>The version of the operating system; null for none.</summary>
    public string? OSVersion { get; internal init; }

    /// <summary>Features the operating system must have; empty for none.</summary>
    public IReadOnlyList<string> OSFeatures { get; internal init; } = [];

    /// <summary>When the image was made, in local time; null where unknown, and for the epoch that reproducible builds write.</summary>
    public DateTime? Created { get; internal init; }

    /// <summary>The author; null for none.</summary>
    public string? Author { get; internal init; }

    /// <summary>User and group that the process runs as; empty for root.</summary>
    public string User { get; }

    /// <summary>The environment by name; of a name given twice, the last.</summary>
    public OrderedDictionary Env { get; }

    /// <summary>The environment as the config has it, one <c>NAME=value</c> each.</summary>
    public IReadOnlyList<string> EnvList { get; }

    /// <summary>The command to run; empty for none.</summary>
    public IReadOnlyList<string> Entrypoint { get; }

    /// <summary>Arguments to the entrypoint, or the command where there is none; empty for none.</summary>
    public IReadOnlyList<string> Cmd { get; }

    /// <summary>The current directory of the process; empty for the root.</summary>
    public string WorkingDir { get; }

    /// <summary>Ports that the image listens on, such as <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; }

    /// <summary>Directories that are to be volumes.</summary>
    public IReadOnlyList<string> Volumes { get; }

    /// <summary>Labels by key.</summary>
    public OrderedDictionary Labels { get; }

    /// <summary>How health is checked; null for none.</summary>
    public Healthcheck? Healthcheck { get; internal init; }

    /// <summary>The signal that stops the container; null for the engine's default.</summary>
    public string? StopSignal { get; }

    /// <summary>The shell of commands in shell form; empty for the engine's default.</summary>
    public IReadOnlyList<string> Shell { get; }

    /// <summary>Instructions that run when another image is built on this one.</summary>
    public IReadOnlyList<string> OnBuild { get; }

    /// <summary>The diff ids of the layers, the lowest first: digests of the uncompressed tars.</summary>
    public IReadOnlyList<string> DiffIds { get; internal init; } = [];

    /// <summary>The history in the config, the oldest first.</summary>
    public IReadOnlyList<ConfigHistory> History { get; internal init; } = [];

    /// <summary>Names by registry digest that a local engine claims for the image; nobody has proved them. Empty elsewhere.</summary>
    public IReadOnlyList<string> RegistryDigests { get; internal init; } = [];

    /// <summary>Whether the exact bytes of the config are known; false for an engine's inspect call.</summary>
    public bool IsExact => _bytes is not null;

    /// <summary>The size of the config in bytes; null where the exact bytes are unknown.</summary>
    public long? Size => _bytes?.Length;

    /// <summary>The exact bytes, whose digest is <see cref="ImageId"/>; null for an engine's inspect call.</summary>
    public byte[]? GetBytes() => (byte[]?)_bytes?.Clone();

    /// <summary>The platform as a typed identity.</summary>
    public Platform GetPlatform() => OciTools.Platform.FromDocument(OS, Architecture, Variant, OSVersion, OSFeatures);

    /// <summary>The diff ids as typed identities.</summary>
    internal IReadOnlyList<Digest> GetDiffIds() => [.. DiffIds.Select(Digest.Parse)];

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;

    /// <summary>Parses the config of a container image.</summary>
    /// <param name="bytes">The exact bytes; not copied, so they must not change.</param>
    /// <param name="image">The name of the image, for <see cref="Image"/> and for messages.</param>
    /// <param name="digest">The digest that the bytes were checked against; null computes sha256.</param>
    /// <exception cref="MalformedException">The document breaks the specification (<c>MalformedDocument</c>) or can be read two ways (<c>AmbiguousDocument</c>).</exception>
    /// <exception cref="RefusedException">It is larger than <see cref="Limits.Config"/> (<c>TooLarge</c>).</exception>
    public static ImageConfig Parse(byte[] bytes, string image, Digest? digest = null)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        string what = $"config of {DisplayText.Excerpt(image)}";
        if (bytes.Length > Limits.Config) throw BoundedReading.TooLarge($"The {what}", Limits.Config);
        JsonFields fields = JsonFields.Parse(bytes, what, ConfigReader.TopKeys, out JsonDocument document);
        using (document) return ConfigReader.Read(fields, image, bytes, (digest ?? Digest.Compute(bytes)).ToString());
    }
}

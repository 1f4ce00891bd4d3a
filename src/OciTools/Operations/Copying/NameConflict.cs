namespace OciTools.Operations.Copying;

/// <summary>A name that stands for something else than what is to get it. It is taken away only from what the user was told of.</summary>
public sealed class NameConflict
{
    private const int MostNamed = 10;

    private readonly ImageLocation _name;
    private readonly string _current;
    private readonly string _next;
    private readonly Func<CancellationToken, Task<string?>> _look;
    private bool _isAgreed;

    private NameConflict(ImageLocation name, string current, string next, Func<CancellationToken, Task<string?>> look)
    {
        _name = name;
        _current = current;
        _next = next;
        _look = look;
    }

    /// <summary>The name, where it would be taken from something else; none where it is free, stands for the same already, or may be taken.</summary>
    /// <param name="name">The name.</param>
    /// <param name="current">What it stands for: a digest, or the id of an image in an engine; null for nothing.</param>
    /// <param name="next">What it would stand for, in words.</param>
    /// <param name="replace">Whether it may be taken from anything.</param>
    /// <param name="look">Looks what it stands for now; null for nothing.</param>
    internal static IReadOnlyList<NameConflict> Of(ImageLocation name, string? current, string next, bool replace, Func<CancellationToken, Task<string?>> look) =>
        replace || current is null || current == next ? [] : [new NameConflict(name, current, next, look)];

    /// <summary>What the user is asked: the name, what it stands for and what it would stand for.</summary>
    public string Question => $"{DisplayText.Excerpt(_name.ToString())} is {_current} now and would be {_next}. Take the name?";

    /// <summary>The error where nobody can agree.</summary>
    public OciException ToError() => ErrorCatalogue.TagExists.Error($"{DisplayText.Excerpt(_name.ToString())} is {_current} already, and would be {_next}.");

    /// <summary>Names in words, as a part of what a command would do; empty for none.</summary>
    internal static string Describe(IReadOnlyList<NameConflict> conflicts)
    {
        if (conflicts.Count == 0) return "";
        string more = conflicts.Count > MostNamed ? $" and {DisplayText.Count(conflicts.Count - MostNamed, "more name")}" : "";
        return $"; if you agree, {string.Join(", ", conflicts.Take(MostNamed).Select(one => $"{DisplayText.Excerpt(one._name.ToString())} is taken from {one._current}"))}{more}";
    }

    /// <summary>Says that the user agrees.</summary>
    public void Agree() => _isAgreed = true;

    /// <summary>Checks that names may be taken: that the user agreed, and that they still stand for what was said.</summary>
    /// <param name="conflicts">The names.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="ConflictException">Nobody agreed, or a name stands for something else by now (<c>TagExists</c>, <c>TagMoved</c>).</exception>
    internal static async Task RequireAgreedAsync(IReadOnlyList<NameConflict> conflicts, CancellationToken cancellationToken)
    {
        foreach (NameConflict conflict in conflicts)
        {
            if (!conflict._isAgreed) throw conflict.ToError();
            string? now = await conflict._look(cancellationToken).ConfigureAwait(false);
            if (now is not null && now != conflict._current)
                throw ErrorCatalogue.TagMoved.Error($"{DisplayText.Excerpt(conflict._name.ToString())} was {conflict._current} when it was asked about, and is {now} now.");
        }
    }
}

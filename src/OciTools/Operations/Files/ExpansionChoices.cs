namespace OciTools.Operations.Files;

/// <summary>What is expanded, and where.</summary>
/// <param name="Destination">The absolute path of the directory.</param>
/// <param name="Patterns">Patterns of paths inside the image; a directory brings all below it.</param>
/// <param name="Literals">Paths inside the image. With neither, everything is written.</param>
/// <param name="Replace">Whether a directory that OciTools made is replaced.</param>
/// <param name="NoOwner">Whether owners are left out; they always are where the user is not root.</param>
public sealed record ExpansionChoices(string Destination, IReadOnlyList<string> Patterns, IReadOnlyList<string> Literals, bool Replace, bool NoOwner);

using System.Globalization;
using System.Text;

namespace OciTools.Stores;

/// <summary>How images of layouts and archives are named in locations and in the messages that list them.</summary>
internal static class ImageNames
{
    private const int ListLength = 20;

    /// <summary>Whether a ref name can be written behind the path of a layout or archive and be read back.</summary>
    internal static bool CanBeWritten(string? refName) =>
        !string.IsNullOrEmpty(refName) && refName[0] != '@' && !refName.AsSpan().ContainsAnyInRange('\0', '\u001F');

    /// <summary>Repository and tag of a name as people wrote it: a full reference, a tag alone, or a name of some other sort, which is taken as a tag.</summary>
    internal static (string? Repository, string? Tag) Split(string? fullName, string? refName)
    {
        if (ImageReference.TryParse(fullName, out ImageReference? reference)) return (reference.Name, reference.Tag);
        if (string.IsNullOrEmpty(refName)) return (null, null);
        if (!ReferenceGrammar.IsTag(refName) && ImageReference.TryParse(refName, out reference)) return (reference.Name, reference.Tag);
        return (null, refName);
    }

    /// <summary>The error for an image that a layout or archive does not hold.</summary>
    /// <param name="where">The place, in quotes and safe to show.</param>
    /// <param name="why">What is not so: <c>holds no image</c>.</param>
    internal static OciException NotFound(string where, string why) => ErrorCatalogue.ImageNotFound.Error($"{where} {why}.",
        recommendation: "Get-Image -LiteralPath lists the images of a layout or archive.");

    /// <summary>The list of what there is, for a message; the first 20, and how many more.</summary>
    internal static string List(IReadOnlyList<string?> names)
    {
        StringBuilder list = new();
        for (int i = 0; i < names.Count && i < ListLength; i++)
        {
            if (i > 0) list.Append(", ");
            list.Append(CultureInfo.InvariantCulture, $"@{i}");
            if (!string.IsNullOrEmpty(names[i])) list.Append(CultureInfo.InvariantCulture, $" = {DisplayText.Excerpt(names[i], 100)}");
        }

        if (names.Count > ListLength) list.Append(CultureInfo.InvariantCulture, $" and {names.Count - ListLength} more");
        return list.ToString();
    }
}

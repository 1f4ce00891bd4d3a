using System.Management.Automation;

namespace OciTools.Commands;

/// <summary>Wildcards on names of images, repositories and tags. Upper and lower case are the same, as everywhere in PowerShell.</summary>
internal static class NamePattern
{
    /// <summary>Reads a pattern.</summary>
    /// <exception cref="MalformedException">It cannot be read (<c>InvalidImageName</c>).</exception>
    internal static WildcardPattern Parse(string text)
    {
        try
        {
            // a pattern that cannot be read shows itself at the first use only
            WildcardPattern pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase);
            pattern.IsMatch("");
            return pattern;
        }
        catch (WildcardPatternException e)
        {
            throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(text)}' is not a wildcard pattern.", e,
                "Close each [ with a ], or put a backtick before it where it stands for itself.");
        }
    }
}

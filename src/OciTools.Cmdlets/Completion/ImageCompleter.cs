using System.Collections;

namespace OciTools.Completion;

/// <summary>The base of what completes something of the images that the command names already.</summary>
public abstract class ImageCompleter : Completer
{
    private protected ImageCompleter()
    {
    }

    private protected sealed override IEnumerable<Candidate> Find(string word, IDictionary bound)
    {
        foreach (string text in Texts(bound, "Image"))
        {
            if (!ImageLocation.TryParse(text, out ImageLocation? image)) continue;
            foreach (Candidate found in Find(image.Path is null ? image : image.WithAbsolutePath(UserPath.Absolute(image.Path)))) yield return found;
        }

        foreach (string path in Texts(bound, "LiteralPath"))
        {
            if (path.Length == 0) continue;
            foreach (Candidate found in Find(ImageLocation.FromPath(UserPath.Absolute(path)))) yield return found;
        }
    }

    /// <summary>What could be meant of one image.</summary>
    /// <param name="image">Where it lies; its path, if it has one, is absolute.</param>
    private protected abstract IEnumerable<Candidate> Find(ImageLocation image);

    private static IEnumerable<string> Texts(IDictionary? bound, string parameter) => bound?[parameter] switch
    {
        string one => [one],
        IEnumerable many => many.Cast<object?>().Select(one => one?.ToString() ?? ""),
        _ => [],
    };
}

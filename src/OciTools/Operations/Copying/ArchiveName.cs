namespace OciTools.Operations.Copying;

/// <summary>Checks the name of an archive that is to be written: a file, and perhaps the one name of the image in it.</summary>
internal static class ArchiveName
{
    /// <summary>Checks that an archive may be written.</summary>
    /// <exception cref="MalformedException">It names an image by digest or position (<c>InvalidImageName</c>).</exception>
    /// <exception cref="ConflictException">The file is there (<c>FileExists</c>).</exception>
    internal static void RequireFree(ImageLocation destination, bool replace)
    {
        if (destination.Digest is not null || destination.Position is not null)
            throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(destination.ToString())}' cannot be written: an image in an archive gets a name, not a digest or a position.");
        if (!replace && File.Exists(destination.Path))
            throw ErrorCatalogue.FileExists.Error($"The file '{DisplayText.Excerpt(destination.Path)}' exists already; an archive is written whole, never added to.");
    }

    /// <summary>The name and tag in a docker-save archive, as <c>docker save</c> writes it; null for none.</summary>
    /// <exception cref="MalformedException">It is no name of an image (<c>InvalidImageName</c>).</exception>
    internal static string? TagOf(ImageLocation destination)
    {
        if (destination.RefName is null) return null;
        ImageReference reference = ImageReference.Parse(destination.RefName);
        return reference.Digest is null
            ? $"{reference.FamiliarName}:{reference.Tag}"
            : throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(destination.RefName)}' cannot be the name of an image in an archive: it has a digest.");
    }
}

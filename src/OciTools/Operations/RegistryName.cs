namespace OciTools.Operations;

/// <summary>Reads the name of a registry as users write it.</summary>
internal static class RegistryName
{
    /// <summary>Some image of the registry, whose <see cref="ImageReference.Registry"/> is its name as references have it.</summary>
    /// <exception cref="MalformedException">It is not a registry (<c>InvalidImageName</c>).</exception>
    internal static ImageReference Parse(string registry)
    {
        if (!ReferenceGrammar.IsRegistry(registry))
        {
            throw ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(registry, 100)}' is not the host of a registry with an optional port.", null,
                "Write it as images of it begin: localhost:5000, ghcr.io, docker.io.");
        }

        if (!ReferenceGrammar.LooksLikeRegistry(registry))
        {
            throw ErrorCatalogue.InvalidImageName.Error($"'{registry}' would be read as a repository of Docker Hub and not as a registry.", null,
                $"Add the port, as in {registry}:443, or write the full name of the host.");
        }

        return ImageReference.Parse(registry + "/any");
    }
}

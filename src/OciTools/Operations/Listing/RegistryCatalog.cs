using System.Runtime.CompilerServices;
using OciTools.Stores;

namespace OciTools.Operations.Listing;

/// <summary>Lists the repositories of a registry.</summary>
/// <param name="places">Opens the registry.</param>
/// <param name="log">Takes warnings.</param>
public sealed class RegistryCatalog(ImagePlaces places, IOperationLog log)
{
    private const int MostNamed = 10;

    /// <summary>Says which registry comes next, so that a credential is for the first one, whichever is opened first.</summary>
    /// <param name="places">Opens the registries.</param>
    /// <param name="registry">Host and port, as names of images begin with them.</param>
    /// <exception cref="MalformedException">It is not a registry (<c>InvalidImageName</c>).</exception>
    /// <exception cref="RefusedException">It is another registry than the credentials are for (<c>CredentialForOtherRegistry</c>).</exception>
    public static void Check(ImagePlaces places, string registry)
    {
        ArgumentNullException.ThrowIfNull(places);
        places.Check(ImageLocation.FromReference(RegistryName.Parse(registry)));
    }

    /// <summary>The repositories, in the order of the registry, as they come.</summary>
    /// <param name="registry">Host and port, as names of images begin with them.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="MalformedException">It is not a registry (<c>InvalidImageName</c>).</exception>
    /// <exception cref="UnsupportedException">The registry lists none, or not for this account (<c>CatalogNotOffered</c>).</exception>
    public async IAsyncEnumerable<ImageRepository> ListAsync(string registry, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageReference any = RegistryName.Parse(registry);
        (IImageStore store, _) = await places.OpenAsync(ImageLocation.FromReference(any), cancellationToken).ConfigureAwait(false);
        int odd = 0;
        await foreach (string name in ((ICatalogStore)store).ListRepositoriesAsync(cancellationToken).ConfigureAwait(false))
        {
            // read with its registry in front, it must be the same repository again
            if (ImageReference.TryParse($"{any.Registry}/{name}", out ImageReference? found) && found.Registry == any.Registry && found.Repository == name)
                yield return new ImageRepository { Image = NameOf(found), Registry = found.Registry, Repository = found.Repository };
            else if (odd++ < MostNamed)
                log.Warning($"{any.Registry} lists the repository '{DisplayText.Excerpt(name, 150)}', which no name can hold; it is left out.");
        }

        if (odd > MostNamed) log.Warning($"{any.Registry} lists {DisplayText.Count(odd - MostNamed, "more repository", "more repositories")} that no name can hold, left out as well.");
    }

    // the location knows when docker:// has to go before it
    private static string NameOf(ImageReference repository)
    {
        string image = ImageLocation.FromReference(repository).ToString();
        return image[..^(repository.Tag!.Length + 1)];
    }
}

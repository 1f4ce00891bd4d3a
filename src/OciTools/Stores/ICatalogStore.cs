namespace OciTools.Stores;

/// <summary>A place that may list its repositories: a registry with a catalogue.</summary>
public interface ICatalogStore : IImageStore
{
    /// <summary>The repositories, in the order of the place, page by page as they are asked for. They are as the place wrote them: whoever takes one checks it.</summary>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="UnsupportedException">The place lists none, or not for this account (<c>CatalogNotOffered</c>).</exception>
    /// <exception cref="RefusedException">The list leads to another place or does not end (<c>PageRefused</c>, <c>EndlessList</c>).</exception>
    IAsyncEnumerable<string> ListRepositoriesAsync(CancellationToken cancellationToken);
}

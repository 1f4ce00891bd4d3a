namespace OciTools.Stores;

/// <summary>A place that lists the tags of one repository without looking at the images: a registry.</summary>
public interface ITagStore : IImageStore
{
    /// <summary>The tags of a repository, in the order of the place, page by page as they are asked for. They are as the place wrote them: whoever takes one checks it.</summary>
    /// <param name="repository">Any name in the repository, of this place; its tag and digest do not matter.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="NotFoundException">There is no such repository (<c>ImageNotFound</c>).</exception>
    /// <exception cref="RefusedException">The list leads to another place or does not end (<c>PageRefused</c>, <c>EndlessList</c>).</exception>
    IAsyncEnumerable<string> ListTagsAsync(ImageLocation repository, CancellationToken cancellationToken);
}

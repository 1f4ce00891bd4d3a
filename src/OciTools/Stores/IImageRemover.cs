namespace OciTools.Stores;

/// <summary>A place that forgets a tag or a manifest when it is told to, as registries do (OCI distribution-spec, Content Management).</summary>
public interface IImageRemover : IImageTarget, ITagStore
{
    /// <summary>Has the place forget a tag, or a manifest with every tag of it. What a place really does may differ: whoever calls it looks again.</summary>
    /// <param name="location">A name with a tag alone, or with a digest alone.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>What the place says; an answer that is neither yes, nor "not there", nor "not offered" is thrown.</returns>
    /// <exception cref="AccessException">The account may not remove it (<c>Unauthorized</c>, <c>Forbidden</c>).</exception>
    Task<RemovalAnswer> RemoveAsync(ImageLocation location, CancellationToken cancellationToken);

    /// <summary>Takes artifacts that were removed off the tag that lists what refers to a document (OCI distribution-spec, Deleting Manifests).</summary>
    /// <param name="repository">Any name in the repository.</param>
    /// <param name="subject">What they referred to.</param>
    /// <param name="artifacts">Their digests.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="ConflictException">The tag stands for something else, or others undid it each time (<c>TagExists</c>, <c>NotRemoved</c>).</exception>
    Task UnlistAsync(ImageLocation repository, Digest subject, IEnumerable<Digest> artifacts, CancellationToken cancellationToken);
}

/// <summary>What a place said to the removal of a tag or manifest.</summary>
/// <param name="State">What it comes to.</param>
/// <param name="Refusal">Its words, where it was not done.</param>
public sealed record RemovalAnswer(RemovalState State, OciException? Refusal);

/// <summary>What the answer to a removal comes to.</summary>
public enum RemovalState
{
    /// <summary>It is done, says the place.</summary>
    Done,

    /// <summary>There is no such tag or manifest.</summary>
    NotThere,

    /// <summary>The place does not do this: it has it switched off, or knows no removal by tag.</summary>
    NotOffered,
}

namespace OciTools.Operations;

/// <summary>Opens stores.</summary>
public interface IStoreOpener
{
    /// <summary>Checks that an image may be opened with the options given.</summary>
    /// <param name="image">The image.</param>
    /// <exception cref="RefusedException">It lies in another registry than the credentials are for (<c>CredentialForOtherRegistry</c>).</exception>
    void Check(ImageLocation image);

    /// <summary>Opens the place of an image.</summary>
    /// <param name="image">The image; its path, if it has one, is absolute.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is neither a layout nor an archive of images (<c>UnsupportedPlace</c>).</exception>
    /// <exception cref="UnreachableException">No engine answers (<c>EngineNotReachable</c>).</exception>
    Task<OpenPlace> OpenAsync(ImageLocation image, CancellationToken cancellationToken);
}

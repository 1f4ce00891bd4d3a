namespace OciTools.Operations.Testing;

/// <summary>What a test finds out about one config.</summary>
/// <param name="image">An image that names it.</param>
internal sealed class ConfigFinding(OpenedImage image)
{
    /// <summary>The config; null where it could not be had.</summary>
    internal ImageConfig? Config { get; private set; }

    /// <summary>Why it could not be had: it is not there, not the one that is named, or cannot be read.</summary>
    internal OciException? Failure { get; private set; }

    internal async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            Config = await DocumentReading.StoredConfigAsync(image.Store, image.Location, image.Manifest!, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e) when (e.IsVerdict)
        {
            Failure = e;
        }
    }
}

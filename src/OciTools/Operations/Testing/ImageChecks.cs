namespace OciTools.Operations.Testing;

/// <summary>The checks of one image, in the order in which they are added.</summary>
/// <param name="image">The canonical name of the image.</param>
/// <param name="platform">The platform that the index names for it.</param>
internal sealed class ImageChecks(string image, string? platform)
{
    private readonly List<ImageCheck> _checks = [];

    internal IReadOnlyList<ImageCheck> List => _checks;

    /// <summary>Something was found as it should be.</summary>
    internal void Pass(ImageCheckSubject subject, string? digest, int? layer = null, string? expected = null, string? actual = null, string? message = null) =>
        _checks.Add(new ImageCheck { Image = image, Platform = platform, Subject = subject, Passed = true, Digest = digest, Layer = layer, Expected = expected, Actual = actual, Message = message });

    /// <summary>Something is not as it should be.</summary>
    internal void Fail(ImageCheckSubject subject, string? digest, OciException error, int? layer = null, string? expected = null) => _checks.Add(new ImageCheck
    {
        Image = image,
        Platform = platform,
        Subject = subject,
        Passed = false,
        Digest = digest,
        Layer = layer,
        Expected = (error as IntegrityException)?.Expected ?? expected,
        Actual = (error as IntegrityException)?.Actual,
        ErrorId = error.ErrorId,
        Message = error.Message,
    });

    /// <summary>Adds one or the other.</summary>
    internal void Add(ImageCheckSubject subject, string? digest, OciException? failure, int? layer = null)
    {
        if (failure is null) Pass(subject, digest, layer, digest, digest);
        else Fail(subject, digest, failure, layer, digest);
    }
}

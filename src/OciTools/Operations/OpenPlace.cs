using OciTools.Stores;

namespace OciTools.Operations;

/// <summary>A place that is open.</summary>
/// <param name="Store">The store.</param>
/// <param name="Transport">What kind of place it turned out to be.</param>
public sealed record OpenPlace(IImageStore Store, ImageTransport Transport);

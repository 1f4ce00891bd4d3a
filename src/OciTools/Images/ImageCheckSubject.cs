namespace OciTools;

/// <summary>What a check of an image is about.</summary>
public enum ImageCheckSubject
{
    /// <summary>The manifest or index is there, has its digest, and is what names it says; where the place keeps no manifest, the image as a whole.</summary>
    Manifest,

    /// <summary>The config is there, has its digest and size, and can be read.</summary>
    Config,

    /// <summary>Manifest and config name the same number of layers.</summary>
    LayerCount,

    /// <summary>The blob of a layer is there and has its digest and size.</summary>
    Layer,

    /// <summary>The tar in the layer has the diff id that the config names.</summary>
    DiffId,

    /// <summary>The config is for the platform that the index, or the user, names.</summary>
    Platform,
}

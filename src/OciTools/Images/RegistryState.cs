namespace OciTools;

/// <summary>How a local image stands to the tag of its name in the registry.</summary>
public enum RegistryState
{
    /// <summary>The registry could not be asked, or there is nothing to compare.</summary>
    Unknown,

    /// <summary>The tag points at this image.</summary>
    Current,

    /// <summary>The tag points at another image by now.</summary>
    Behind,

    /// <summary>The registry has no such tag.</summary>
    LocalOnly,
}

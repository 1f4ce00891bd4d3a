namespace OciTools.Operations.Comparing;

/// <summary>What of two images is compared.</summary>
[Flags]
public enum ComparedParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The fields of the config, and the history.</summary>
    Config = 1,

    /// <summary>The layers.</summary>
    Layer = 2,

    /// <summary>The files of the merged file systems; every layer of both images is read for them.</summary>
    File = 4,
}

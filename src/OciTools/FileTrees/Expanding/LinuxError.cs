using System.Runtime.InteropServices;

namespace OciTools.FileTrees.Expanding;

/// <summary>Error numbers of Linux, and what they mean for a tree that is being written.</summary>
internal static class LinuxError
{
    internal const int NotPermitted = 1;
    internal const int NotThere = 2;
    internal const int Interrupted = 4;
    internal const int Access = 13;
    internal const int Exists = 17;
    internal const int NotAFolder = 20;
    internal const int IsAFolder = 21;
    internal const int Invalid = 22;
    internal const int TooManyLinks = 31;
    internal const int NameTooLong = 36;
    internal const int NotImplemented = 38;
    internal const int NotEmpty = 39;
    internal const int Sequence = 84;
    internal const int NotSupported = 95;

    /// <summary>The error of the call before.</summary>
    internal static int Last => Marshal.GetLastPInvokeError();

    /// <summary>The exception for an error that ends the writing.</summary>
    internal static IOException Fatal(int error) => new(Marshal.GetPInvokeErrorMessage(error), error);

    /// <summary>Why a name was not given: that of a file that the file system cannot hold beside the others. Another error ends the writing.</summary>
    internal static string NameRefusal(int error) => error switch
    {
        // what a driver says of a name that it takes for another form of one that is there
        Exists or NotEmpty or NotAFolder or IsAFolder => Refusals.NameTaken,
        NameTooLong => Refusals.NameTooLong,
        Invalid or Sequence => Refusals.NameRefused,
        _ => throw Fatal(error),
    };

    /// <summary>Why a device or link was not made. An error that has to do with the disk ends the writing.</summary>
    internal static string KindRefusal(int error) => error is NotPermitted or NotThere or Access or Invalid or NameTooLong or NotImplemented or Sequence or NotSupported
        ? $"it cannot be made here ({Marshal.GetPInvokeErrorMessage(error)})"
        : throw Fatal(error);

    /// <summary>Why metadata was not set. An error that has to do with the disk ends the writing.</summary>
    internal static string MetadataRefusal(int error) => error is NotPermitted or Access or Invalid or NotImplemented or NotSupported
        ? Marshal.GetPInvokeErrorMessage(error)
        : throw Fatal(error);
}

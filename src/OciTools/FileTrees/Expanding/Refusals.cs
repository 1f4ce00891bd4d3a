namespace OciTools.FileTrees.Expanding;

/// <summary>Reasons why a file of an image is not on the disk as it is in the image.</summary>
internal static class Refusals
{
    internal const string NameTaken = "the file system does not tell its name from that of another file";
    internal const string NameChanged = "the file system does not show it under this name";
    internal const string NameLost = "the file system did not keep it";
    internal const string NameTooLong = "its name is longer than the file system allows";
    internal const string NameRefused = "the file system refuses its name";
    internal const string NoHardLinks = "the file system takes no further hard link to the same file";
    internal const string FolderMissing = "its directory was not written";
    internal const string SetIdDropped = "its setuid or setgid bit was not set, since its owner was not";
    internal const string OwnerUnknown = "its owner 4294967295 stands for none";

    internal const string KeptOther = "the file system keeps another";

    internal static string Metadata(string what, string why) => $"its {what} was not set ({why})";

    internal static string? Join(string? first, string? second) => first is null ? second : second is null ? first : $"{first}; {second}";
}

using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Where a tree is written to: a folder of this computer that nobody else reaches into yet, and one beside it for what has no place in
/// it yet. A method that could not do its work although the disk is in order gives the reason, and null otherwise; what ends the writing
/// is an <see cref="IOException"/>.
/// </summary>
internal interface ITreeTarget : IDisposable
{
    /// <summary>Whether owners are set.</summary>
    bool SetsOwners { get; }

    /// <summary>Whether links to directories are made otherwise than links to files.</summary>
    bool NeedsLinkKind { get; }

    /// <summary>Makes an empty file that has no place yet. Several threads may do so.</summary>
    SafeFileHandle StageFile(StagedName staged);

    /// <summary>Gives such a file, whose content is complete, its metadata, and gives back what could not be kept.</summary>
    string? Describe(SafeFileHandle file, in FileMetadata metadata);

    /// <summary>Makes a device or a pipe that has no place yet.</summary>
    string? StageDevice(StagedName staged, FileKind kind, uint major, uint minor);

    /// <summary>Makes a symbolic link that has no place yet.</summary>
    /// <param name="staged">Its name until then.</param>
    /// <param name="target">Its text.</param>
    /// <param name="leadsToFolder">Whether a directory of the tree lies where it leads.</param>
    string? StageLink(StagedName staged, ReadOnlySpan<byte> target, bool leadsToFolder);

    /// <summary>Gives a device, pipe or link that has no place yet its metadata, and gives back what could not be kept.</summary>
    string? Describe(StagedName staged, FileKind kind, in FileMetadata metadata);

    /// <summary>Gives what has no place yet its place in the current folder. Nothing that is there is replaced.</summary>
    /// <param name="staged">What is placed.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="isShared">Whether it gets other places too.</param>
    string? Place(StagedName staged, ReadOnlySpan<byte> name, bool isShared);

    /// <summary>Makes a folder in the current folder; if it could, it is the current folder then.</summary>
    string? MakeFolder(ReadOnlySpan<byte> name);

    /// <summary>Reads the names that the file system shows in the current folder.</summary>
    void ReadNames(NameReader reader);

    /// <summary>Whether the current folder has something under a name, also if it shows another one.</summary>
    bool IsThere(ReadOnlySpan<byte> name);

    /// <summary>Goes into a folder that was made before.</summary>
    void Enter(ReadOnlySpan<byte> name);

    /// <summary>Goes back to the folder above.</summary>
    void Leave();

    /// <summary>Gives the current folder its metadata, then goes back to the folder above if there is one, and gives back what could not be kept.</summary>
    string? Leave(in FileMetadata metadata);
}

/// <summary>Takes a name that a folder shows.</summary>
internal delegate void NameReader(ReadOnlySpan<byte> name);

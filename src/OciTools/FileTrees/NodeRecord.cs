using System.Runtime.InteropServices;

namespace OciTools.FileTrees;

/// <summary>One path of the merged file system, also one that a layer has hidden.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct NodeRecord
{
    internal int Parent;

    /// <summary>The first of the children that are linked; -1 for none.</summary>
    internal int FirstChild;

    internal int NextSibling;

    /// <summary>The entry that the path stands for now; -1 for a directory that is only implied by what lies in it.</summary>
    internal int Entry;

    /// <summary>The entry that has the content and the metadata: of a hard link that of its target.</summary>
    internal int Source;

    /// <summary>Where the name lies in the arena of a layer.</summary>
    internal uint Name;

    internal ushort NameLength;

    internal ushort NameLayer;

    internal NodeState State;

    /// <summary>Whether the path is there.</summary>
    internal readonly bool IsPresent => (State & NodeState.Present) != 0;

    /// <summary>Whether the path is a directory, if it is there.</summary>
    internal readonly bool IsDirectory => (State & NodeState.Directory) != 0;
}

/// <summary>What is known of a node.</summary>
[Flags]
internal enum NodeState : byte
{
    None = 0,

    /// <summary>The path is there.</summary>
    Present = 1,

    /// <summary>The path is a directory, if it is there.</summary>
    Directory = 2,

    /// <summary>The path is a symbolic link, if it is there.</summary>
    SymbolicLink = 4,

    /// <summary>The node is in the list of its parent.</summary>
    Linked = 8,

    /// <summary>No layer below those that were merged can change what lies at this path or under it.</summary>
    Cut = 16,

    /// <summary>No layer below can change what lies under this path.</summary>
    CutBelow = 32,
}

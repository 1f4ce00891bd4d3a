using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OciTools.Layers.Tar;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Sets what a file has besides its content: the owner first, since that takes away setuid bits and capabilities, then attributes, which
/// may need a mode that still allows writing, then the mode, and the times last.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxMetadata(bool setsOwners)
{
    private const uint NoOwner = uint.MaxValue;

    private static readonly byte[] s_itself = [0];

    private readonly uint _user = LinuxCalls.UserId();
    private readonly uint _group = LinuxCalls.GroupId();

    internal bool SetsOwners => setsOwners;

    /// <summary>Sets the metadata of an open file or directory, and gives back what could not be kept.</summary>
    internal string? Set(SafeFileHandle file, in FileMetadata metadata, bool isFolder)
    {
        string? lost = null;
        bool isOwned = setsOwners && IsKept(metadata, LinuxCalls.SetOwner(file, metadata.UserId, metadata.GroupId), ref lost);
        foreach (TarAttribute attribute in metadata.Attributes)
            Check(LinuxCalls.SetAttribute(file, Terminate(attribute.Name.Span), ValueOf(attribute), (nuint)attribute.Value.Length, 0), attribute, ref lost);
        uint mode = ModeOf(metadata, isOwned || isFolder, ref lost);
        int result = LinuxCalls.SetMode(file, mode);
        Check(result, "mode", ref lost);
        CheckKept(file, s_itself, LinuxCalls.EmptyPath, isOwned ? metadata : null, result == 0 ? mode : null, ref lost);
        if (metadata.HasTime) Check(LinuxCalls.SetTimes(file, [metadata.Seconds, metadata.Nanoseconds, metadata.Seconds, metadata.Nanoseconds]), "time", ref lost);
        return lost;
    }

    /// <summary>Sets the metadata of a device, pipe or link, which cannot be opened, and gives back what could not be kept.</summary>
    internal string? Set(SafeFileHandle folder, ReadOnlySpan<byte> name, FileKind kind, in FileMetadata metadata)
    {
        string? lost = null;
        bool isOwned = setsOwners && IsKept(metadata, LinuxCalls.SetOwnerAt(folder, name, metadata.UserId, metadata.GroupId, LinuxCalls.DoNotFollow), ref lost);
        if (metadata.Attributes.Count > 0)
        {
            byte[] path = [.. Encoding.ASCII.GetBytes($"/proc/self/fd/{folder.DangerousGetHandle()}/"), .. name];
            foreach (TarAttribute attribute in metadata.Attributes)
                Check(LinuxCalls.SetAttributeOfLink(path, Terminate(attribute.Name.Span), ValueOf(attribute), (nuint)attribute.Value.Length, 0), attribute, ref lost);
        }

        // links have no mode of their own
        uint? set = null;
        if (kind != FileKind.SymbolicLink)
        {
            uint mode = ModeOf(metadata, isOwned, ref lost);
            int result = LinuxCalls.SetModeAt(folder, name, mode, 0);
            Check(result, "mode", ref lost);
            if (result == 0) set = mode;
        }

        CheckKept(folder, name, LinuxCalls.DoNotFollow, isOwned ? metadata : null, set, ref lost);
        if (metadata.HasTime)
            Check(LinuxCalls.SetTimesAt(folder, name, [metadata.Seconds, metadata.Nanoseconds, metadata.Seconds, metadata.Nanoseconds], LinuxCalls.DoNotFollow), "time", ref lost);
        return lost;
    }

    private static bool IsKept(in FileMetadata metadata, int result, ref string? lost)
    {
        if (metadata.UserId == NoOwner || metadata.GroupId == NoOwner)
        {
            // the number that means "leave it as it is"
            lost = Refusals.OwnerUnknown;
            return false;
        }

        Check(result, "owner", ref lost);
        return result == 0;
    }

    // setuid and setgid lend the rights of the owner that the image names; under another owner they would lend his
    private uint ModeOf(in FileMetadata metadata, bool isOwned, ref string? lost)
    {
        int mode = metadata.Mode;
        if (isOwned) return (uint)mode;
        int dropped = (metadata.UserId == _user ? 0 : ModeText.SetUser) | (metadata.GroupId == _group ? 0 : ModeText.SetGroup);
        if ((mode & dropped) != 0) lost = Refusals.Join(lost, Refusals.SetIdDropped);
        return (uint)(mode & ~dropped);
    }

    private static void Check(int result, string what, ref string? lost)
    {
        if (result < 0) lost = Refusals.Join(lost, Refusals.Metadata(what, LinuxError.MetadataRefusal(LinuxError.Last)));
    }

    // file systems that have no owners and modes say nothing when they are told some
    private static void CheckKept(SafeFileHandle file, ReadOnlySpan<byte> name, int flags, FileMetadata? owned, uint? mode, ref string? lost)
    {
        Span<byte> description = stackalloc byte[LinuxDescription.Size];
        if (LinuxCalls.Describe(file, name, flags, LinuxDescription.OwnerAndMode, description) < 0) return;
        if (owned is { } owner && (LinuxDescription.UserOf(description) != owner.UserId || LinuxDescription.GroupOf(description) != owner.GroupId))
            lost = Refusals.Join(lost, Refusals.Metadata("owner", Refusals.KeptOther));
        if (mode is { } set && LinuxDescription.ModeOf(description) != set) lost = Refusals.Join(lost, Refusals.Metadata("mode", Refusals.KeptOther));
    }

    // an attribute can be too large for the file system, which says then that there is no space
    private static void Check(int result, TarAttribute attribute, ref string? lost)
    {
        if (result < 0)
            lost = Refusals.Join(lost, Refusals.Metadata("attribute " + EntryPath.Show(attribute.Name.Span), System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(LinuxError.Last)));
    }

    // a value may be empty, and an empty span has no address
    private static ReadOnlySpan<byte> ValueOf(TarAttribute attribute) => attribute.Value.IsEmpty ? [0] : attribute.Value.Span;

    private static byte[] Terminate(ReadOnlySpan<byte> name) => [.. name, 0];
}

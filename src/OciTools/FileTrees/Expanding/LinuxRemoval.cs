using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Removes a folder with all that lies in it, whatever its names, modes and depth. Folders inside are moved up to the top before they are
/// emptied, so that no path is looked up, nothing goes through a link, and none that something is mounted on is entered: the kernel moves none of those.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxRemoval
{
    private readonly SafeFileHandle _top;
    private readonly string _prefix = $".{Guid.NewGuid():n}-";
    private readonly Queue<int> _waiting = new();
    private int _moved;
    private int _error;
    private bool _isGone;

    private LinuxRemoval(SafeFileHandle top) => _top = top;

    /// <summary>Removes a folder that is no link.</summary>
    /// <exception cref="IOException">Something in it cannot be removed; the rest is gone.</exception>
    internal static void Remove(string path)
    {
        using SafeFileHandle top = LinuxCalls.Open(path, LinuxCalls.Folder | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec | LinuxCalls.PathOnly, 0);
        if (top.IsInvalid) throw LinuxError.Fatal(LinuxError.Last);
        LinuxRemoval removal = new(top);
        Unlock(top);
        bool goesOn;
        do
        {
            goesOn = removal.Empty(top);
            removal.RemoveMoved();
        }
        while (!removal.IsGone(LinuxCalls.RemoveEmptyFolder(path)) && goesOn);
        if (!removal._isGone) throw LinuxError.Fatal(removal._error);
    }

    private void RemoveMoved()
    {
        while (_waiting.TryDequeue(out int number))
        {
            byte[] name = NameOf(number);
            using SafeFileHandle folder = LinuxCalls.OpenAt(_top, name, LinuxCalls.Folder | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec | LinuxCalls.PathOnly, 0);
            if (folder.IsInvalid)
            {
                Keep(LinuxError.Last);
                continue;
            }

            Unlock(folder);
            bool goesOn;
            do goesOn = Empty(folder);
            while (!IsGone(LinuxCalls.UnlinkAt(_top, name, LinuxCalls.RemoveFolder)) && goesOn);
        }
    }

    // a list that loses entries while it is read may leave some out, so it is read again as long as that helps
    private bool IsGone(int result)
    {
        _isGone = result == 0;
        if (!_isGone) Keep(LinuxError.Last);
        return _isGone;
    }

    // the first error tells most: later ones follow from it
    private void Keep(int error) => _error = _error == 0 ? error : _error;

    private bool Empty(SafeFileHandle folder)
    {
        using LinuxList list = new(folder);
        if (!list.IsOpen)
        {
            Keep(LinuxError.Last);
            return false;
        }

        bool isLess = false;
        while (list.Next(out ReadOnlySpan<byte> name)) isLess |= RemoveOrMove(folder, name);
        if (LinuxError.Last != 0) Keep(LinuxError.Last);
        return isLess;
    }

    private bool RemoveOrMove(SafeFileHandle folder, ReadOnlySpan<byte> name)
    {
        if (IsMoved(name)) return false;
        if (LinuxCalls.UnlinkAt(folder, name, 0) == 0) return true;
        // Linux says that it is a folder, POSIX that removing one so is not permitted
        int error = LinuxError.Last;
        if (error is LinuxError.IsAFolder or LinuxError.NotPermitted)
        {
            if (MoveUp(folder, name)) return true;
            if (LinuxError.Last != LinuxError.NotAFolder) error = LinuxError.Last;
        }

        Keep(error);
        return false;
    }

    private bool MoveUp(SafeFileHandle folder, ReadOnlySpan<byte> name)
    {
        if (LinuxCalls.UnlinkAt(folder, name, LinuxCalls.RemoveFolder) == 0) return true;
        if (LinuxError.Last != LinuxError.NotEmpty && LinuxError.Last != LinuxError.Exists) return false;
        byte[] target = NameOf(_moved);
        if (LinuxCalls.RenameAt(folder, name, _top, target) < 0)
        {
            // who is not root must be allowed to write into a folder that gets another parent
            if (LinuxError.Last != LinuxError.Access) return false;
            using (SafeFileHandle locked = LinuxCalls.OpenAt(folder, name, LinuxCalls.Folder | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec | LinuxCalls.PathOnly, 0))
                if (!locked.IsInvalid) Unlock(locked);
            if (LinuxCalls.RenameAt(folder, name, _top, target) < 0) return false;
        }

        _waiting.Enqueue(_moved++);
        return true;
    }

    // by the open folder: its name might mean something else by now
    private static void Unlock(SafeFileHandle folder) => _ = LinuxCalls.SetModeOf(Encoding.ASCII.GetBytes($"/proc/self/fd/{folder.DangerousGetHandle()}\0"), LinuxCalls.PrivateFolder);

    private byte[] NameOf(int number) => Encoding.ASCII.GetBytes($"{_prefix}{number}\0");

    private bool IsMoved(ReadOnlySpan<byte> name)
    {
        Span<byte> prefix = stackalloc byte[_prefix.Length];
        Encoding.ASCII.GetBytes(_prefix, prefix);
        return name.StartsWith(prefix);
    }
}

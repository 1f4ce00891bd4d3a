using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// Replaces a credentials file so that nobody else may read it at any moment, that a crash leaves the one before or the one after, and that of
/// many processes none loses what another one wrote. A symbolic link stays one: what it points at is replaced.
/// </summary>
internal static class CredentialFileWriter
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads the file, changes it and replaces it, alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="change">Gives the bytes that are to be there; null leaves what is there.</param>
    /// <param name="cancellationToken">Stops the waiting for others.</param>
    /// <exception cref="AccessException">It cannot be written (<c>CredentialStoreFailed</c>); what was there is there.</exception>
    internal static async Task ChangeAsync(string path, Func<CancellationToken, Task<byte[]?>> change, CancellationToken cancellationToken)
    {
        try
        {
            string target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
            MakeFolder(Path.GetDirectoryName(target)!);
            string guard = target + ".ocitools-lock";
            MakeGuard(guard);
            using SafeFileHandle held = await FileLock.TakeAsync(guard, isShared: false, cancellationToken).ConfigureAwait(false);
            if (await change(cancellationToken).ConfigureAwait(false) is { } bytes) Replace(target, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error($"The credentials file {DisplayText.Excerpt(path)} cannot be written: {DisplayText.Excerpt(e.Message)}", e,
                "Check that you may write there, and the free space; nothing was changed.");
        }
    }

    private static void Replace(string target, byte[] bytes)
    {
        if (bytes.Length > Limits.CredentialDocument) throw new IOException($"it would be larger than {Limits.CredentialDocument} bytes");

        // one name for all, since only the holder of the lock writes it: what a killed process left is gone with the next login
        string part = target + ".ocitools-part";
        File.Delete(part);
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
            using (FileStream stream = new(part, options))
            {
                stream.Write(bytes);
                DurableFile.Flush(stream.SafeFileHandle, part);
            }

            File.Move(part, target, overwrite: true);
            DurableFile.FlushFolder(Path.GetDirectoryName(target)!);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    private static void MakeGuard(string path)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path)) return;
        try
        {
            new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = OwnerOnly }).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // another process has made and locked it
        }
    }
}

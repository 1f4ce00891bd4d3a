using Microsoft.Win32.SafeHandles;
using OciTools.Stores.Files;

namespace OciTools.Operations;

/// <summary>
/// A file that appears under its name only when all of it was written: until then it is a temporary file beside it, which goes away
/// when the writing fails or is stopped.
/// </summary>
public sealed class AtomicFile : IAsyncDisposable
{
    private const int BufferSize = 256 * 1024;

    private readonly string _temporary;
    private readonly bool _replace;
    private readonly FileStream _stream;
    private string _path;
    private bool _committed;

    private AtomicFile(string path, string temporary, bool replace, FileStream stream)
    {
        _path = path;
        _temporary = temporary;
        _replace = replace;
        _stream = stream;
        Output = new GuardedOutput(stream, e => Failed(_path, e));
    }

    /// <summary>Where to write; failures are those of this file. Not to be closed.</summary>
    public Stream Output { get; }

    /// <summary>Starts a file.</summary>
    /// <param name="path">The absolute path of the file to be.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <exception cref="ConflictException">It exists, or cannot be written there (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    public static AtomicFile Create(string path, bool replace)
    {
        if (Directory.Exists(path)) throw ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(path)}' is a directory, not a file.");
        if (!replace && File.Exists(path)) throw Exists(path);
        if (replace) RefuseSpecial(path);
        string folder = Path.GetDirectoryName(path) ?? throw ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(path)}' names no file.");
        string temporary = Path.Combine(folder, $".{Path.GetRandomFileName()}.partial");
        try
        {
            return new AtomicFile(path, temporary, replace, new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.Asynchronous,
                BufferSize = BufferSize,
            }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>Writes a whole small file.</summary>
    /// <param name="path">The absolute path of the file.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <exception cref="ConflictException">It exists, or cannot be written there (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, bool replace, CancellationToken cancellationToken)
    {
        AtomicFile file = Create(path, replace);
        await using (file.ConfigureAwait(false))
        {
            await file.Output.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            await file.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes a folder, and those above it, where they are missing.</summary>
    internal static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.WriteFailed.Error($"The directory '{DisplayText.Excerpt(folder)}' cannot be made: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    /// <summary>Gives the file another name than planned, in the same folder, and then that name.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="cancellationToken">Stops before the name is given.</param>
    internal Task CommitAsync(string path, CancellationToken cancellationToken)
    {
        _path = path;
        return CommitAsync(cancellationToken);
    }

    /// <summary>Puts the file on the disk, and gives it its name there.</summary>
    /// <param name="cancellationToken">Stops before the name is given.</param>
    internal async Task CommitDurablyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            DurableFile.Flush(_stream.SafeFileHandle, _temporary);
        }
        catch (IOException e)
        {
            throw Failed(_path, e);
        }

        await CommitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            DurableFile.FlushFolder(Path.GetDirectoryName(_path)!);
        }
        catch (IOException e)
        {
            throw Failed(_path, e);
        }
    }

    /// <summary>Gives the file its name.</summary>
    /// <param name="cancellationToken">Stops before the name is given.</param>
    /// <exception cref="ConflictException">Another file has the name by now, or it cannot be written (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
            File.Move(_temporary, _path, _replace);
            _committed = true;
        }
        catch (IOException) when (!_replace && File.Exists(_path))
        {
            throw Exists(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(_path, e);
        }
    }

    /// <summary>Removes the temporary file unless the file got its name.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_committed) return;
        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // the disk is full: what could not be flushed is thrown away here anyway
        }

        try
        {
            File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // its folder is gone, or somebody has it open: why the file was not written says more
        }
    }

    // A name that is given by renaming would put a file where a device or a pipe was. None of them has a length, nor can be given one.
    private static void RefuseSpecial(string path)
    {
        if (OperatingSystem.IsWindows() || new FileInfo(path) is not { Exists: true, Length: 0 }) return;
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            if (RandomAccess.GetLength(handle) == 0) RandomAccess.SetLength(handle, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(path)}' is not a plain file that may be written, so it is not replaced.", e);
        }
    }

    private static OciException Exists(string path) => ErrorCatalogue.FileExists.Error($"The file '{DisplayText.Excerpt(path)}' exists already.");

    private static OciException Failed(string path, Exception e) =>
        ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(path)}' cannot be written: {DisplayText.Excerpt(e.Message)}", e);
}

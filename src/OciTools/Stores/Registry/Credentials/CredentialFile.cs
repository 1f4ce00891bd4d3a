namespace OciTools.Stores.Registry.Credentials;

/// <summary>One credentials file: Docker's <c>config.json</c>, or the container tools' <c>auth.json</c> (containers-auth.json(5)).</summary>
internal sealed class CredentialFile
{
    private readonly string _path;
    private readonly bool _docker;
    private readonly CredentialHelper _helper;

    /// <param name="path">The file.</param>
    /// <param name="docker">Whether it is Docker's: that one has a helper for everything, and another key for Docker Hub.</param>
    /// <param name="helper">Asks credential helpers.</param>
    internal CredentialFile(string path, bool docker, CredentialHelper helper)
    {
        _path = path;
        _docker = docker;
        _helper = helper;
    }

    /// <summary>Looks the registry up; null where the file is absent or has nothing for it.</summary>
    internal async Task<RegistryCredential?> FindAsync(RegistryKey key, CancellationToken cancellationToken)
    {
        string? helper;
        RegistryCredential? entry;
        using (CredentialDocument? document = await OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            if (document is null) return null;
            (helper, entry) = Guard(() =>
            {
                string? name = document.HelperFor(key);
                return (name, document.EntryFor(key, tokenOnly: name is not null));
            });
        }

        if (helper is null) return entry;
        return await _helper.GetAsync(helper, key.Server(_docker), _path, cancellationToken).ConfigureAwait(false) ?? entry;
    }

    /// <summary>Reads the file; null where it is absent or empty.</summary>
    /// <exception cref="AccessException">It cannot be read (<c>CredentialStoreFailed</c>).</exception>
    internal async Task<CredentialDocument?> OpenAsync(CancellationToken cancellationToken)
    {
        byte[]? bytes = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return bytes is null || bytes.Length == 0 ? null : Guard(() => new CredentialDocument(bytes, _path, _docker));
    }

    /// <summary>What a look into the document gives; what is wrong with it is wrong with the place of the credentials.</summary>
    internal static T Guard<T>(Func<T> look)
    {
        try
        {
            return look();
        }
        catch (MalformedException e)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error(e.Message, e);
        }
    }

    // Opening may hang, on a pipe that nobody writes or a dead network share, and cannot be cancelled; so it happens aside.
    private async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Factory.StartNew(Read, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(_helper.TimeLimit, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error(
                $"The credentials file {DisplayText.Excerpt(_path)} could not be read within {_helper.TimeLimit.TotalSeconds:0.#} seconds.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error(
                $"The credentials file {DisplayText.Excerpt(_path)} cannot be read: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    private byte[]? Read()
    {
        try
        {
            using FileStream stream = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] buffer = new byte[Limits.CredentialDocument + 1];
            int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (count > Limits.CredentialDocument) throw new IOException($"it is larger than {Limits.CredentialDocument} bytes");
            return buffer[..count];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}

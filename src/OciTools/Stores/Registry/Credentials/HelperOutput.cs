using System.Buffers;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// What a credential helper wrote until now. It can be asked for at any time, because the end of the output may never come.
/// </summary>
internal sealed class HelperOutput
{
    private readonly Stream _stream;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly Lock _lock = new();

    internal HelperOutput(Stream stream) => _stream = stream;

    /// <summary>Reads to the end; false as soon as there is more than a credential document may hold.</summary>
    internal bool ReadToEnd()
    {
        using (_stream)
        {
            Span<byte> buffer = stackalloc byte[16 * 1024];
            while (true)
            {
                int count = _stream.Read(buffer);
                if (count == 0) return true;
                lock (_lock)
                {
                    if (_bytes.WrittenCount + count > Limits.CredentialDocument) return false;
                    _bytes.Write(buffer[..count]);
                }
            }
        }
    }

    /// <summary>The bytes read until now.</summary>
    internal byte[] SoFar()
    {
        lock (_lock) return _bytes.WrittenSpan.ToArray();
    }
}

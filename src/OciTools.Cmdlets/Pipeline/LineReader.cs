using System.Text;

namespace OciTools.Commands;

/// <summary>Reads lines as <see cref="StreamReader"/> does, but ends with an error where one is too long, before all of it is in memory.</summary>
/// <param name="text">The text; not disposed of.</param>
/// <param name="most">The most characters that a line may have.</param>
/// <param name="what">What is read, for messages.</param>
internal sealed class LineReader(TextReader text, long most, string what)
{
    private readonly char[] _block = new char[16 * 1024];
    private readonly StringBuilder _line = new();
    private int _start;
    private int _end;
    private bool _isAfterReturn;

    /// <summary>The next line without its end; null behind the last.</summary>
    /// <exception cref="RefusedException">It is too long (<c>TooLarge</c>).</exception>
    internal async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = await text.ReadAsync(_block, cancellationToken).ConfigureAwait(false);
                if (_end == 0) return _line.Length > 0 ? Take() : null;
            }

            bool isOneEnd = _isAfterReturn && _block[_start] == '\n';
            _isAfterReturn = false;
            if (isOneEnd)
            {
                _start++;
                continue;
            }

            int length = _block.AsSpan(_start, _end - _start).IndexOfAny('\r', '\n');
            Add(length < 0 ? _end - _start : length);
            if (length < 0) continue;
            _isAfterReturn = _block[_start++] == '\r';
            return Take();
        }
    }

    private void Add(int length)
    {
        if (_line.Length + length > most)
            throw ErrorCatalogue.TooLarge.Error($"{what} has a line of more than {most} characters.", recommendation: "Take its bytes with -AsByteStream, or write it to a file with -OutFile.");
        _line.Append(_block, _start, length);
        _start += length;
    }

    private string Take()
    {
        string line = _line.ToString();
        _line.Clear();
        return line;
    }
}

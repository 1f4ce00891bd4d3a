using System.Text;
using OciTools.Operations.Files;

namespace OciTools.Commands;

/// <summary>The form in which the content of a file is written: lines, one string, bytes, one array.</summary>
/// <param name="isBytes">Whether bytes are wanted, not text.</param>
/// <param name="isRaw">Whether the whole is one object.</param>
/// <param name="encoding">The encoding of text without a byte order mark.</param>
internal sealed class ContentForm(bool isBytes, bool isRaw, Encoding encoding)
{
    private const int BlockSize = 64 * 1024;
    private const int LinesAtOnce = 64;

    // a string or array in memory has an end; a file has not
    private const long MostInMemory = 1L << 29;

    internal async Task SendAsync(FileContent file, PipelineItem item, CancellationToken cancellationToken)
    {
        Stream stream = file.Open();
        await using (stream.ConfigureAwait(false))
        {
            if (isRaw && stream.Length > MostInMemory)
                throw ErrorCatalogue.TooLarge.Error($"'{DisplayText.Excerpt(file.FilePath)}' has {stream.Length} bytes; -Raw takes {MostInMemory} into memory at most.",
                    recommendation: "Write it to a file with -OutFile.");
            if (isBytes) await SendBytesAsync(stream, item, cancellationToken).ConfigureAwait(false);
            else await SendTextAsync(file, stream, item, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SendBytesAsync(Stream stream, PipelineItem item, CancellationToken cancellationToken)
    {
        byte[] block = new byte[isRaw ? stream.Length : Math.Min(BlockSize, stream.Length)];
        if (isRaw)
        {
            await stream.ReadExactlyAsync(block, cancellationToken).ConfigureAwait(false);
            item.Send(new PipelineMessage.Output(block));
            return;
        }

        int count;
        while (block.Length > 0 && (count = await stream.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            await item.SendAsync(new PipelineMessage.Output(block[..count], IsMany: true), cancellationToken).ConfigureAwait(false);
    }

    private async Task SendTextAsync(FileContent file, Stream stream, PipelineItem item, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(stream, encoding, detectEncodingFromByteOrderMarks: true, BlockSize);
        if (isRaw)
        {
            item.Send(new PipelineMessage.Output(await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false)));
            return;
        }

        LineReader text = new(reader, MostInMemory, $"'{DisplayText.Excerpt(file.FilePath)}'");
        List<string> lines = [];
        while (await text.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            lines.Add(line);
            if (lines.Count < LinesAtOnce && line.Length < BlockSize) continue;
            await item.SendAsync(new PipelineMessage.Output(lines.ToArray(), IsMany: true), cancellationToken).ConfigureAwait(false);
            lines.Clear();
        }

        if (lines.Count > 0) await item.SendAsync(new PipelineMessage.Output(lines.ToArray(), IsMany: true), cancellationToken).ConfigureAwait(false);
    }
}

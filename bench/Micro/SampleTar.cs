using System.Formats.Tar;

namespace OciTools.MicroBenchmarks;

/// <summary>Tars like those of layers: folders of 50 files of 200 bytes.</summary>
internal static class SampleTar
{
    internal static byte[] Make(int files, Func<int, string>? nameOf = null)
    {
        MemoryStream memory = new();
        using (TarWriter writer = new(memory, TarEntryFormat.Pax, leaveOpen: true))
        {
            byte[] content = new byte[200];
            for (int i = 0; i < files; i++)
            {
                string name = nameOf?.Invoke(i) ?? Name(i);
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = name.Contains(".wh.", StringComparison.Ordinal) ? null : new MemoryStream(content, writable: false),
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                });
            }
        }

        return memory.ToArray();
    }

    internal static string Name(int file) => $"usr/share/doc/package-{file / 50}/file-{file % 50}.txt";
}

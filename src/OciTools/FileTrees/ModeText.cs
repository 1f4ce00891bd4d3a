namespace OciTools.FileTrees;

/// <summary>Permissions as <c>ls -l</c> shows them (POSIX.1-2017, ls, The Long Format).</summary>
internal static class ModeText
{
    internal const int SetUser = 0x800;
    internal const int SetGroup = 0x400;
    private const int Sticky = 0x200;

    internal static string Of(FileKind kind, int mode) => string.Create(10, (kind, mode), static (text, state) =>
    {
        text[0] = state.kind switch
        {
            FileKind.Directory => 'd',
            FileKind.SymbolicLink => 'l',
            FileKind.CharacterDevice => 'c',
            FileKind.BlockDevice => 'b',
            FileKind.Fifo => 'p',
            _ => '-',
        };
        for (int i = 0; i < 9; i++) text[i + 1] = (state.mode & (0x100 >> i)) != 0 ? "rwx"[i % 3] : '-';
        if ((state.mode & SetUser) != 0) text[3] = text[3] == 'x' ? 's' : 'S';
        if ((state.mode & SetGroup) != 0) text[6] = text[6] == 'x' ? 's' : 'S';
        if ((state.mode & Sticky) != 0) text[9] = text[9] == 'x' ? 't' : 'T';
    });
}

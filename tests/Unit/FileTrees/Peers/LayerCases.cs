namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>Whiteouts, opaque marks, links and replaced types, made by hand (OCI image-spec, layer.md).</summary>
internal static class LayerCases
{
    private const string Alone = "Docker unpacks each layer on its own: a parent without an entry is made anew, with mode 755 and owner 0, and covers what a lower layer has there, also a link.";
    private const string Across = "Docker unpacks each layer on its own, so that a hard link finds no target in a lower layer: refused.";
    private const string Twice = "Docker refuses a layer that has a path twice.";
    private const string Order = "Docker makes a whiteout a device at its place in the tar, which is taken: refused.";
    private const string OwnNumbers = "Docker gives the file the owner, mode and time of the header of the hard link, as the last one read; umoci and GNU tar leave those of the file.";
    private const string TarOrder = "umoci applies a whiteout at its place in the tar, so that what comes before is changed by it; the specification has whiteouts act on lower layers only, wherever they stand.";
    private const string Touched = "umoci takes away what a lower layer has in a directory after it set the time of the directory, and leaves the time of now.";

    internal static IReadOnlyList<LayerCase> All { get; } =
    [
        // whiteouts
        new("whiteout of a file", "dir a; file a/x=1; file a/y=2", "dir a; del a/x"),
        new("whiteout of a file at the top", "file x=1; file y=2", "del x"),
        new("whiteout of an empty directory", "dir a; dir a/b", "dir a; del a/b"),
        new("whiteout of a full directory", "dir a; dir a/b; file a/b/c=1; dir a/b/d; file a/b/d/e=2; file a/f=3", "dir a; del a/b"),
        new("whiteout of a link to a file", "file t=1; link s>t", "del s"),
        new("whiteout of a link to a directory", "dir d; file d/x=1; link s>d", "del s"),
        new("whiteout of a link that dangles", "link s>nowhere; file y=1", "del s"),
        new("whiteout of a FIFO and a device", "fifo p; char c; file y=1", "del p; del c"),
        new("whiteout of nothing", "file y=1", "del x"),
        new("whiteout in no directory", "file y=1", "del a/b/x") { Docker = "Docker makes the directories of a whiteout that are nowhere." },
        new("whiteout before its own file", "file x=1", "del x; file x=2"),
        new("whiteout after its own file", "file x=1", "file x=2; del x") { Docker = Order },
        new("whiteout before its own directory", "dir a; file a/x=1", "del a; dir a; file a/y=2") { Docker = "Docker loses the whiteout when a directory takes its place: what was deleted shows again." },
        new("whiteout after its own directory", "dir a; file a/x=1", "dir a; file a/y=2; del a") { Umoci = Touched, Docker = Order },
        new("whiteout before its own implied directory", "dir a; file a/x=1", "del a; file a/y=2") { Docker = "Docker makes a whiteout a device, and nothing can lie in it: refused." },
        new("whiteout after its own implied directory", "dir a; file a/x=1", "file a/y=2; del a") { Umoci = TarOrder, Docker = Order },
        new("whiteout after a deep file of its own", "dir a; dir a/b; file a/b/x=1; file a/z=1", "file a/b/c/y=2; del a") { Umoci = TarOrder, Docker = Order },
        new("whiteout of one of two names", "file x=1; hard y>x", "del x"),
        new("whiteout through a link", "dir d; file d/x=1; file d/y=1; link s>d", "del s/x") { Docker = Alone },
        new("whiteout through an absolute link", "dir d; file d/x=1; file d/y=1; link s>/d", "del s/x") { Docker = Alone },
        new("whiteout in a directory of its own over a link", "dir d; file d/x=1; link s>d", "dir s; del s/x"),
        new("whiteout before a directory of its own over a link", "dir d; file d/x=1; link s>d", "del s/x; dir s") { Umoci = TarOrder },
        new("whiteout below a file", "file a=1", "del a/x") { Docker = Alone },
        new("whiteout of odd names", "file .x=1; file .wha=2; file a b=3; file ~=4", "del .x; del a b; del ~"),
        new("whiteout in the lowest layer", "file x=1; del x; del y", "file z=1") { Docker = Order },
        new("whiteout and opaque mark together", "dir a; file a/x=1; dir a/b; file a/b/y=2", "dir a; del a/x; opaque a; file a/z=3"),

        // opaque marks
        new("opaque directory", "dir a; file a/x=1; dir a/b; file a/b/y=2", "dir a; opaque a"),
        new("opaque mark without an entry of the directory", "dir a; file a/x=1", "opaque a") { Docker = Alone },
        new("opaque mark before its own entries", "dir a; file a/x=1; file a/y=1", "dir a; opaque a; file a/y=2; file a/z=3"),
        new("opaque mark after its own entries", "dir a; file a/x=1; file a/y=1", "dir a; file a/y=2; file a/z=3; opaque a"),
        new("opaque mark between its own entries", "dir a; file a/x=1; file a/y=1", "dir a; file a/y=2; opaque a; file a/z=3"),
        new("opaque mark before its directory", "dir a; file a/x=1", "opaque a; dir a"),
        new("opaque mark above a deep file of its own", "dir a; dir a/b; dir a/b/c; file a/b/c/x=1; file a/b/y=1; file a/z=1", "file a/b/c/n=2; opaque a") { Umoci = TarOrder, Docker = Alone },
        new("opaque mark above a deep file that follows", "dir a; dir a/b; dir a/b/c; file a/b/c/x=1; file a/b/y=1; file a/z=1", "opaque a; file a/b/c/n=2") { Umoci = Touched, Docker = Alone },
        new("opaque mark above a directory of its own", "dir a; dir a/b; file a/b/x=1; file a/y=1", "dir a; dir a/b; opaque a") { Umoci = Touched },
        new("opaque marks in each other", "dir a; dir a/b; file a/b/x=1; file a/y=1", "dir a; opaque a; dir a/b; opaque a/b; file a/b/z=2"),
        new("opaque marks in each other, the inner one first", "dir a; dir a/b; file a/b/x=1; file a/y=1", "dir a/b; opaque a/b; file a/b/z=2; dir a; opaque a"),
        new("opaque root", "dir a; file a/x=1; file y=1", "opaque .; file z=2") { Docker = "Docker does not heed an opaque mark at the root." },
        new("opaque directory that was not there", "file y=1", "dir a; opaque a; file a/x=1"),
        new("opaque mark of a directory that is nowhere", "file y=1", "opaque a") { Docker = "Docker makes the directory of an opaque mark that is nowhere." },
        new("opaque mark in the middle of three", "dir a; file a/x=1", "dir a; opaque a; file a/y=2", "dir a; file a/z=3"),
        new("opaque mark over two layers", "dir a; file a/x=1", "dir a; file a/y=2", "dir a; opaque a; file a/z=3"),
        new("opaque mark through a link", "dir d; file d/x=1; link s>d", "opaque s; file s/y=2") { Docker = Alone },
        new("opaque mark over a link by a directory", "dir d; file d/x=1; link s>d", "dir s; opaque s; file s/y=2"),
        new("opaque mark over a file by a directory", "file a=1", "dir a; opaque a; file a/y=2"),

        // replaced types
        new("file over a directory", "dir a; file a/x=1; dir a/b; file a/b/y=1", "file a=2"),
        new("file over an empty directory", "dir a; file z=1", "file a=2"),
        new("directory over a file", "file a=1", "dir a; file a/x=2"),
        new("link over a directory", "dir a; file a/x=1; dir b; file b/y=1", "link a>b"),
        new("link over a directory, then a file below", "dir a; file a/x=1; dir b; file b/y=1", "link a>b; file a/z=2") { Docker = "Docker unpacks each layer on its own, where the link leads to nothing: refused." },
        new("directory over a link", "dir b; file b/y=1; link a>b", "dir a; file a/z=2"),
        new("file over a link to a file", "file t=1; link s>t", "file s=2"),
        new("link over a file", "file t=1; file s=2", "link s>t"),
        new("link over a link", "file t=1; file u=2; link s>t", "link s>u"),
        new("FIFO over a directory, device over a file", "dir a; file a/x=1; file b=1", "fifo a; char b"),
        new("directory over a FIFO and a device", "fifo a; char b", "dir a; dir b; file b/x=1"),
        new("directory over a directory", "dir a; file a/x=1", "dir a"),
        new("file over a file, three times", "file a=1", "file a=2", "file a=3"),
        new("made, deleted, made again", "dir a; file a/x=1", "del a", "dir a; file a/y=2"),
        new("made, deleted, implied", "dir a; file a/x=1", "del a", "file a/y=2"),

        // the same path twice in one layer
        new("a file twice", "file a=1; file a=22") { Docker = Twice },
        new("a file, then a directory", "file a=1; dir a; file a/x=2") { Docker = Twice },
        new("a directory, then a file", "dir a; file a/x=1; file a=2") { Docker = Twice },
        new("a directory twice", "dir a; file a/x=1; dir a") { Docker = Twice },
        new("a link, then a directory", "dir b; link a>b; dir a; file a/x=1") { Docker = Twice },
        new("a file, then a link to it by its own name", "file b=1; file a=2; link a>b") { Docker = Twice },
        new("a file twice with a second name between", "file a=1; hard b>a; file a=2") { Docker = Twice },

        // hard links
        new("hard link in one layer", "file a=1; hard b>a; dir d; hard d/c>a"),
        new("hard link to a hard link", "file a=1; hard b>a; hard c>b"),
        new("hard link with numbers of its own", "file a=1; other b>a; dir d; other d/c>a") { Docker = OwnNumbers },
        new("hard link across layers", "file a=1", "hard b>a") { Docker = Across },
        new("hard link with numbers of its own across layers", "file a=1", "other b>a") { Docker = Across },
        new("hard link across three layers", "file a=1", "hard b>a", "hard c>b") { Docker = Across },
        new("hard link whose first name is deleted above", "file a=1; hard b>a", "del a"),
        new("hard link whose first name is replaced above", "file a=1; hard b>a", "file a=2"),
        new("hard link whose first name becomes a directory", "file a=1; hard b>a", "dir a; file a/x=2"),
        new("hard link to a second name whose first is gone", "file a=1; hard b>a", "del a", "hard c>b") { Docker = Across },
        new("hard link to what the same layer replaced", "file a=1", "file a=2; hard b>a"),
        new("hard link over a file", "file a=1; file b=2", "hard b>a") { Docker = Across },
        new("hard link over a directory", "file a=1; dir b; file b/x=2", "hard b>a") { Docker = Across },
        new("hard link over a link to its target", "file a=1; link b>a", "hard b>a") { Docker = Across },
        new("hard link to a link", "file t=1; link s>t; hard h>s"),
        new("hard link to a link across layers", "file t=1; link s>t", "hard h>s") { Docker = Across },
        new("hard link to a FIFO and a device", "fifo p; char c; hard p2>p; hard c2>c"),
        new("hard link with an absolute target", "dir d; file d/a=1; hard d/b>/d/a"),
        new("hard link with a dot before its target", "dir d; file d/a=1; hard d/b>./d/a"),
        new("hard link with an absolute target with a dot", "dir d; file d/a=1; hard d/b>/./d/a"),
        new("hard link with two slashes in its target", "dir d; file d/a=1; hard d/b>d//a"),
        new("hard link with dots and slashes in its target", "dir d; file d/a=1; hard b>.//./d/.//a; hard d/c>//b"),
        new("hard link with an absolute target in a lower layer", "dir d; file d/a=1", "hard d/b>/./d/a") { Docker = Across },
        new("hard link with two slashes in its target in a lower layer", "dir d; file d/a=1", "hard d/b>d//a") { Docker = Across },
        new("hard link with a dot before its target in a lower layer", "dir d; file d/a=1", "hard d/b>./d/a") { Docker = Across },
        new("hard link whose target lies behind a link", "dir d; file d/a=1; link s>d", "hard b>s/a") { Docker = Across },
        new("hard link that lies behind a link", "dir d; file d/a=1; link s>d", "hard s/b>d/a") { Docker = Across },
        new("hard link to what is deleted in the same layer, before", "file a=1", "del a; hard b>a") { Umoci = TarOrder, Docker = "Docker makes a whiteout a device, and the hard link one more whiteout." },
        new("hard link to what is deleted in the same layer, after", "file a=1", "hard b>a; del a") { Docker = Across },
        new("hard link to itself", "file a=1", "hard a>a"),
        new("hard link to nothing", "hard b>a"),
        new("hard link to a directory", "dir a; hard b>a"),

        // parents
        new("implied parents", "file a/b/c=1; file a/d=2"),
        new("implied parents that get an entry later", "file a/b/c=1; dir a; dir a/b"),
        new("implied parents that get an entry above", "file a/b/c=1", "dir a; dir a/b"),
        new("implied parent of a directory", "dir a; file a/x=1", "file a/y=2") { Docker = Alone },
        new("below a link", "dir d; file d/x=1; link s>d", "file s/y=2") { Docker = Alone },
        new("below an absolute link", "dir d; file d/x=1; link s>/d", "file s/y=2") { Docker = Alone },
        new("below a link to the root", "dir d; link d/s>/", "file d/s/y=2") { Docker = Alone },
        new("below a link above the root", "dir d; link d/s>../../..", "file d/s/y=2") { Docker = Alone },
        new("below a link of links", "dir d; dir d/e; file d/e/x=1; link s>t; link t>/u; link u>d/e", "file s/y=2") { Docker = Alone },
        new("below a link with dots", "dir d; dir e; link d/s>.././e", "file d/s/y=2") { Docker = Alone },
        new("below a link that dangles", "link s>nowhere", "file s/y=2") { Docker = Alone },
        new("below a link that dangles deeply", "link s>no/where", "file s/y=2") { Docker = Alone },
        new("a directory below a link", "dir d; dir d/e; file d/e/x=1; link s>d", "dir s/e; file s/e/y=2") { Docker = Alone },
        new("a link below a link", "dir d; link s>d", "link s/t>x; file s/x=1") { Docker = Alone },
        new("below a link in the same layer", "dir d; link s>d; file s/y=2"),
        new("below a link to a file", "file f=1; link s>f", "file s/y=2"),
        new("below a link to itself", "link s>s", "file s/y=2"),
        new("below a file", "file a=1", "file a/x=2"),
        new("below a file in the same layer", "file a=1; file a/x=2"),
        new("usr merged", "dir usr; dir usr/lib; file usr/lib/a=1; link lib>usr/lib", "file lib/b=2; del lib/a", "dir lib; file lib/c=3") { Docker = Alone },

        // the root, and names
        new("an entry for the root", "dir .; file a=1"),
        new("an entry for the root above", "file a=1", "dir ./."),
        new("names with dots and slashes", "dir ./a/.; file .//a///b=1; file /c=2"),
        new("names that end in a slash", "file a=1", "dir b//; del ./a"),
    ];
}

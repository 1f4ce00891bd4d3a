using System.Text.RegularExpressions;

namespace OciTools.MicroBenchmarks;

/// <summary>Parsing names of images, beside a regular expression that takes the parts of a name apart and decides nothing.</summary>
public partial class ReferenceBenchmarks
{
    private const string Short = "nginx:1.27";
    private const string Long = "registry.example.com:5000/team/project/app:1.4.2@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";

    [Benchmark]
    public ImageReference ShortName() => ImageReference.Parse(Short);

    [Benchmark]
    public ImageReference LongName() => ImageReference.Parse(Long);

    [Benchmark]
    public Match LongNameByRegex() => NameForm().Match(Long);

    [Benchmark]
    public ImageLocation Location() => ImageLocation.Parse("oci:/srv/images/layout:1.0");

    [GeneratedRegex(@"^(?:([a-zA-Z0-9.-]+(?::[0-9]+)?)/)?([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$")]
    private static partial Regex NameForm();
}

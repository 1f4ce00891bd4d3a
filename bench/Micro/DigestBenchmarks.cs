using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace OciTools.MicroBenchmarks;

/// <summary>Computing and parsing digests, beside the hash alone and a regular expression of the grammar (OCI image-spec, descriptor.md).</summary>
public partial class DigestBenchmarks
{
    private const string Text = "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";

    private readonly byte[] _megabyte = new byte[1 << 20];

    [Benchmark]
    public Digest Compute() => Digest.Compute(_megabyte);

    [Benchmark]
    public byte[] HashAlone() => SHA256.HashData(_megabyte);

    [Benchmark]
    public Digest Parse() => Digest.Parse(Text);

    [Benchmark]
    public bool RegexAlone() => DigestForm().IsMatch(Text);

    [GeneratedRegex("^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$")]
    private static partial Regex DigestForm();
}

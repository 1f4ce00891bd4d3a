using System.Collections;

namespace OciTools.Completion;

/// <summary>Completes the platforms that images are mostly made for.</summary>
public sealed class PlatformCompleter : Completer
{
    private static readonly Candidate[] s_platforms =
    [
        new("linux/amd64", "Linux on 64-bit x86"),
        new("linux/amd64/v2", "Linux on 64-bit x86 from x86-64-v2 on"),
        new("linux/amd64/v3", "Linux on 64-bit x86 from x86-64-v3 on"),
        new("linux/arm64", "Linux on 64-bit ARM"),
        new("linux/arm64/v8", "Linux on 64-bit ARM, as arm64"),
        new("linux/arm/v7", "Linux on 32-bit ARM from ARMv7 on"),
        new("linux/arm/v6", "Linux on 32-bit ARM from ARMv6 on"),
        new("linux/arm/v5", "Linux on 32-bit ARM from ARMv5 on"),
        new("linux/386", "Linux on 32-bit x86"),
        new("linux/ppc64le", "Linux on 64-bit POWER, little endian"),
        new("linux/s390x", "Linux on IBM Z"),
        new("linux/riscv64", "Linux on 64-bit RISC-V"),
        new("linux/loong64", "Linux on LoongArch"),
        new("linux/mips64le", "Linux on 64-bit MIPS, little endian"),
        new("windows/amd64", "Windows on 64-bit x86; a build may follow: windows/amd64:10.0.20348.1"),
        new("windows/arm64", "Windows on 64-bit ARM"),
        new("freebsd/amd64", "FreeBSD on 64-bit x86"),
    ];

    private protected override IEnumerable<Candidate> Find(string word, IDictionary bound) => s_platforms;
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace OciTools;

/// <summary>
/// What an image runs on (OCI image-spec, image-index.md, property <c>platform</c>). Parses, prints and matches as containerd does:
/// spellings are folded, a variant of arm or amd64 takes the variants below it, Windows is matched on the build.
/// </summary>
public sealed class Platform : IEquatable<Platform>
{
    private const int ExtraFeatures = 1000;

    private Platform(string os, string architecture, string? variant, string? osVersion, IReadOnlyList<string> osFeatures)
    {
        OS = os;
        Architecture = architecture;
        Variant = string.IsNullOrEmpty(variant) ? null : variant;
        OSVersion = string.IsNullOrEmpty(osVersion) ? null : osVersion;
        OSFeatures = osFeatures;
    }

    /// <summary>The operating system, by Go's name for it: <c>linux</c>, <c>windows</c>.</summary>
    public string OS { get; }

    /// <summary>The architecture, by Go's name for it: <c>amd64</c>, <c>arm64</c>.</summary>
    public string Architecture { get; }

    /// <summary>The variant of the architecture, such as <c>v7</c>; null for none.</summary>
    public string? Variant { get; }

    /// <summary>The version of the operating system, such as <c>10.0.20348.1</c>; null for none.</summary>
    public string? OSVersion { get; }

    /// <summary>Features the operating system must have, such as <c>win32k</c>.</summary>
    public IReadOnlyList<string> OSFeatures { get; }

    /// <summary>The same text for every spelling of one platform.</summary>
    internal string Key => $"{FoldOS(OS)}/{Fold(Architecture, Variant)}:{OSVersion};{string.Join(',', OSFeatures.Order(StringComparer.Ordinal))}";

    /// <summary>Whether this is the <c>unknown/unknown</c> that marks an attestation.</summary>
    internal bool IsUnknown => OS == "unknown" && Architecture == "unknown";

    /// <summary>The platform of this host: its operating system and processor.</summary>
    internal static Platform Host { get; } = new(
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsFreeBSD() ? "freebsd" : "linux",
        RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.Arm or System.Runtime.InteropServices.Architecture.Armv6 => "arm",
            System.Runtime.InteropServices.Architecture.S390x => "s390x",
            System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
            System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
            System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
            _ => "unknown",
        },
        null,
        OperatingSystem.IsWindows() ? Environment.OSVersion.Version.ToString(3) : null,
        []);

    /// <summary>Parses <c>os/architecture[/variant]</c>, with <c>:version</c> at the end or <c>(version+feature)</c> behind the system; a system or an architecture alone is completed from the host.</summary>
    /// <param name="text">Such as <c>linux/arm64/v8</c> or <c>windows/amd64:10.0.20348.1</c>.</param>
    /// <exception cref="MalformedException">The text is anything else (<c>InvalidPlatform</c>).</exception>
    public static Platform Parse(string text) => TryParse(text, out Platform? platform)
        ? platform
        : throw ErrorCatalogue.InvalidPlatform.Error($"'{DisplayText.Excerpt(text, 100)}' is not a platform.");

    /// <summary>Parses a platform without throwing.</summary>
    /// <param name="text">The text to parse.</param>
    /// <param name="platform">The platform, or null.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Platform? platform)
    {
        platform = null;
        if (string.IsNullOrEmpty(text) || text.Length > 255) return false;

        string? version = null;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            version = text[(colon + 1)..];
            text = text[..colon];
            if (version.Length == 0 || version.AsSpan().ContainsAnyExceptInRange('!', '~')) return false;
        }

        string[] parts = text.Split('/');
        if (parts.Length > 3) return false;

        string[] features = [];
        int open = parts[0].IndexOf('(', StringComparison.Ordinal);
        if (open >= 0)
        {
            if (version is not null || !parts[0].EndsWith(')')) return false;
            string[] options = parts[0][(open + 1)..^1].Split('+');
            parts[0] = parts[0][..open];
            if (!TryDecodeOption(options[0], allowEmpty: true, out version)) return false;
            features = new string[options.Length - 1];
            for (int i = 0; i < features.Length; i++)
                if (!TryDecodeOption(options[i + 1], allowEmpty: false, out features[i]!)) return false;
            Array.Sort(features, StringComparer.Ordinal);
            features = [.. features.Distinct(StringComparer.Ordinal)];
        }

        if (parts[0].Contains('.', StringComparison.Ordinal)) return false;
        foreach (string part in parts)
            if (!IsComponent(part)) return false;

        (string os, string architecture, string? variant) = parts switch
        {
            [var one] when IsKnownOS(FoldOS(one)) => (FoldOS(one), Host.Architecture, Host.Variant),
            [var one] => (Host.OS, one, null),
            [var first, var second] => (FoldOS(first), second, null),
            _ => (FoldOS(parts[0]), parts[1], parts[2]),
        };

        if (parts.Length < 3)
        {
            (architecture, variant) = Fold(architecture, variant);
            if (architecture == "arm" && variant == "v7") variant = null;
            if (parts.Length == 1 && !IsKnownOS(FoldOS(parts[0])) && (open >= 0 || !IsKnownArchitecture(architecture))) return false;
        }
        else
        {
            (architecture, variant) = Fold(architecture, variant);
            if (architecture == "arm64") variant ??= "v8";
        }

        platform = new Platform(os, architecture, variant, version, features);
        return true;
    }

    /// <summary>A platform as a document states it, kept as it is written.</summary>
    internal static Platform FromDocument(string? os, string? architecture, string? variant, string? osVersion, IReadOnlyList<string>? osFeatures) =>
        new(os ?? "", architecture ?? "", variant, osVersion, osFeatures ?? []);

    /// <summary>Whether an image for <paramref name="candidate"/> serves what this platform asks for.</summary>
    /// <param name="candidate">The platform that an image states.</param>
    public bool Matches(Platform candidate) => Rank(candidate) is not null;

    /// <summary>Whether both are for the same system and architecture, whatever the variant and the version.</summary>
    internal bool IsSameArchitecture(Platform other) =>
        FoldOS(OS) == FoldOS(other.OS) && Fold(Architecture, Variant).Architecture == Fold(other.Architecture, other.Variant).Architecture;

    /// <summary>Whether both state what cannot be true of one image. What only one of them states is no contradiction.</summary>
    internal bool Contradicts(Platform other)
    {
        if (!IsSameArchitecture(other)) return true;
        bool otherVersion = OSVersion is { Length: > 0 } && other.OSVersion is { Length: > 0 } && OSVersion != other.OSVersion;
        bool otherVariant = Variant is { Length: > 0 } && other.Variant is { Length: > 0 }
            && Fold(Architecture, Variant).Variant != Fold(other.Architecture, other.Variant).Variant;
        return otherVersion || otherVariant;
    }

    /// <summary>
    /// How well an image for <paramref name="candidate"/> serves: 0 is exact, more is an older variant, null does not serve. One that
    /// asks for features of the system that this platform does not name comes after all that do not.
    /// </summary>
    internal int? Rank(Platform candidate)
    {
        if (FoldOS(OS) != FoldOS(candidate.OS)) return null;
        (string architecture, string? variant) = Fold(Architecture, Variant);
        (string otherArchitecture, string? otherVariant) = Fold(candidate.Architecture, candidate.Variant);
        if (architecture != otherArchitecture) return null;
        if (FoldOS(OS) == "windows" && !SameBuild(OSVersion, candidate.OSVersion)) return null;
        int? distance = variant == otherVariant ? 0 : Distance(architecture, variant, otherVariant);
        return distance + (AsksForMore(candidate) ? ExtraFeatures : 0);
    }

    /// <summary><c>os/architecture[/variant][:version]</c>.</summary>
    public override string ToString()
    {
        string text = OS.Length == 0 ? Architecture : Architecture.Length == 0 ? OS : $"{OS}/{Architecture}";
        if (Variant is not null) text = $"{text}/{Variant}";
        return OSVersion is null ? text : $"{text}:{OSVersion}";
    }

    /// <inheritdoc/>
    public bool Equals(Platform? other) => other is not null && OS == other.OS && Architecture == other.Architecture
        && Variant == other.Variant && OSVersion == other.OSVersion && OSFeatures.SequenceEqual(other.OSFeatures);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Platform other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static bool SameBuild(string? wanted, string? offered)
    {
        if (string.IsNullOrEmpty(wanted) || string.IsNullOrEmpty(offered)) return true;
        string[] left = wanted.Split('.');
        string[] right = offered.Split('.');
        for (int i = 0; i < 3; i++)
        {
            if (i >= left.Length) return true;
            if (i >= right.Length || left[i] != right[i]) return false;
        }

        return true;
    }

    private bool AsksForMore(Platform candidate)
    {
        foreach (string feature in candidate.OSFeatures)
            if (!OSFeatures.Contains(feature, StringComparer.Ordinal)) return true;
        return false;
    }

    // arm v7 also runs v6 and v5; amd64 v3 also runs v2 and v1 (which is written without a variant); arm64 v8.2 also runs v8.1 and v8
    // (which is written without a variant), and v9.x split off from v8.5
    private static int? Distance(string architecture, string? wanted, string? offered)
    {
        if (architecture is not ("arm" or "amd64" or "arm64") || ReadVariant(architecture, wanted) is not var (major, minor)
            || ReadVariant(architecture, offered) is not var (otherMajor, otherMinor)) return null;
        if (architecture != "arm64")
        {
            bool serves = otherMajor < major && otherMajor >= (architecture == "arm" ? 5 : 1);
            return serves ? major - otherMajor : null;
        }

        if (major == otherMajor) return otherMinor < minor ? minor - otherMinor : null;
        return (major, otherMajor) == (9, 8) && otherMinor <= minor + 5 ? minor + 1 + minor + 5 - otherMinor : null;
    }

    private static (int Major, int Minor)? ReadVariant(string architecture, string? variant)
    {
        if (variant is null) return architecture == "arm64" ? (8, 0) : (1, 0);
        if (variant.Length is not (2 or 4) || variant[0] != 'v' || !char.IsAsciiDigit(variant[1])) return null;
        if (variant.Length == 2) return (variant[1] - '0', 0);
        return architecture == "arm64" && variant[2] == '.' && char.IsAsciiDigit(variant[3]) ? (variant[1] - '0', variant[3] - '0') : null;
    }

#pragma warning disable CA1308 // these names are written in lower case
    private static string FoldOS(string os) => os.ToLowerInvariant() switch { "macos" => "darwin", var other => other };

    private static (string Architecture, string? Variant) Fold(string architecture, string? variant)
    {
        architecture = architecture.ToLowerInvariant();
        variant = string.IsNullOrEmpty(variant) ? null : variant.ToLowerInvariant();
        return (architecture, variant) switch
        {
            ("i386", _) => ("386", null),
            ("x86_64" or "x86-64" or "amd64", "v1") => ("amd64", null),
            ("x86_64" or "x86-64", _) => ("amd64", variant),
            ("aarch64" or "arm64", "8" or "v8" or "v8.0") => ("arm64", null),
            ("aarch64" or "arm64", "9" or "9.0" or "v9.0") => ("arm64", "v9"),
            ("aarch64", _) => ("arm64", variant),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", null or "7") => ("arm", "v7"),
            ("arm", "5" or "6" or "8") => ("arm", "v" + variant),
            _ => (architecture, variant),
        };
    }
#pragma warning restore CA1308

    private static bool IsComponent(string text)
    {
        if (text.Length == 0) return false;
        foreach (char c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')) return false;
        return true;
    }

    private static bool TryDecodeOption(string text, bool allowEmpty, out string? option)
    {
        option = null;
        if (text.Length == 0) return allowEmpty;
        StringBuilder decoded = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
                    || value is <= 0x20 or >= 0x7F) return false;
                c = (char)value;
                i += 2;
            }
            else if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }

            decoded.Append(c);
        }

        option = decoded.ToString();
        return true;
    }

    private static bool IsKnownOS(string os) => os is "aix" or "android" or "darwin" or "dragonfly" or "freebsd" or "hurd" or "illumos"
        or "ios" or "js" or "linux" or "nacl" or "netbsd" or "openbsd" or "plan9" or "solaris" or "wasip1" or "windows" or "zos";

    private static bool IsKnownArchitecture(string architecture) => architecture is "386" or "amd64" or "amd64p32" or "arm" or "armbe"
        or "arm64" or "arm64be" or "ppc64" or "ppc64le" or "loong64" or "mips" or "mipsle" or "mips64" or "mips64le" or "mips64p32"
        or "mips64p32le" or "ppc" or "riscv" or "riscv64" or "s390" or "s390x" or "sparc" or "sparc64" or "wasm";
}

namespace OciTools.Stores.Registry.Credentials;

/// <summary>What a credential helper left behind.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote to its standard output.</param>
internal sealed record HelperAnswer(int ExitCode, byte[] Output);

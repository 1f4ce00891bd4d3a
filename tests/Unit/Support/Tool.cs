using System.ComponentModel;
using System.Diagnostics;

namespace OciTools.UnitTests.Support;

/// <summary>Runs a program of this computer; a test that needs one that is not there is skipped and says so.</summary>
internal static class Tool
{
    internal static byte[] Run(string program, IReadOnlyList<string> arguments, byte[]? input = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["TZ"] = "UTC";
        using (Process process = Start(start))
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task feed = Task.Run(() =>
            {
                process.StandardInput.BaseStream.Write(input ?? []);
                process.StandardInput.Close();
            });
            MemoryStream output = new();
            process.StandardOutput.BaseStream.CopyTo(output);
            process.WaitForExit();
            feed.Wait();
            if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}: {errors.Result}");
            return output.ToArray();
        }
    }

    /// <summary>Starts a program and does not wait for it.</summary>
    internal static Process Start(string program, IReadOnlyList<string> arguments) => Start(new ProcessStartInfo(program, arguments));

    internal static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"This needs the program '{start.FileName}'.");
            throw;
        }
    }

    internal static string Text(string program, params string[] arguments) => System.Text.Encoding.UTF8.GetString(Run(program, arguments));

    /// <summary>The sha256 digest as the program sha256sum gives it.</summary>
    internal static string Sha256(byte[] bytes) => "sha256:" + System.Text.Encoding.ASCII.GetString(Run("sha256sum", [], bytes))[..64];
}

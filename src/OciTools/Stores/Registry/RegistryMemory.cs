using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>
/// What is known of registries for as long as the process lives: which scheme a loopback registry speaks, how an origin wants requests to
/// be authenticated, and tokens. All of it is bound to the origin and to the TLS policy under which it was learned.
/// </summary>
internal sealed class RegistryMemory
{
    private static readonly ConditionalWeakTable<IAdapters, RegistryMemory> s_byAdapters = [];

    private readonly ConcurrentDictionary<string, bool> _secureLoopback = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<(string Origin, HttpPolicy Policy), Challenge> _challenges = new();
    private readonly ConcurrentDictionary<(string Origin, HttpPolicy Policy, string Scope), string> _scopes = new();

    /// <summary>A memory that knows nothing yet, and that nobody else asks.</summary>
    internal RegistryMemory() { }

    internal TokenCache Tokens { get; } = new();

    internal static RegistryMemory Of(IAdapters adapters) => s_byAdapters.GetValue(adapters, static _ => new RegistryMemory());

    /// <summary>Whether the loopback registry at this host and port speaks TLS; null while nobody asked it.</summary>
    internal bool? SpeaksTls(string authority) => _secureLoopback.TryGetValue(authority, out bool secure) ? secure : null;

    internal void RememberTls(string authority, bool secure) => _secureLoopback[authority] = secure;

    internal Challenge? ChallengeOf(string origin, HttpPolicy policy) => _challenges.GetValueOrDefault((origin, policy));

    internal void Remember(string origin, HttpPolicy policy, Challenge challenge) => _challenges[(origin, policy)] = challenge;

    /// <summary>The scope that the registry itself asked for where the usual one would do.</summary>
    internal string? ScopeOf(string origin, HttpPolicy policy, string usual) => _scopes.GetValueOrDefault((origin, policy, usual));

    internal void RememberScope(string origin, HttpPolicy policy, string usual, string scope) => _scopes[(origin, policy, usual)] = scope;
}

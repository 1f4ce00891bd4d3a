#Requires -Version 7.6
<#
.SYNOPSIS
    Starts the registries and engines that the tests use, on free loopback ports, and says where they are.
.DESCRIPTION
    Dot-sourced. Gives functions; Start-TestServer fills a hashtable with addresses, and leaves out what cannot be started here.
#>

function Get-FreePort {
    $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $listener.Start()
    try { $listener.LocalEndpoint.Port } finally { $listener.Stop() }
}

# The process that ends everything at the end of its input, whatever ends this one.
function Start-Teardown([string] $Folder) {
    $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
    $start.ArgumentList.Add((Join-Path $PSScriptRoot 'teardown.sh'))
    $start.ArgumentList.Add($Folder)
    $start.RedirectStandardInput = $true
    [Diagnostics.Process]::Start($start)
}

function Start-Server([hashtable] $World, [string] $Name, [string] $File, [string[]] $Arguments) {
    $log = Join-Path $World.Folder "$Name.log"
    $process = Start-Process -FilePath $File -ArgumentList $Arguments -RedirectStandardOutput $log -RedirectStandardError "$log.err" -PassThru
    $World.Teardown.StandardInput.WriteLine($process.Id)
    $World.Teardown.StandardInput.Flush()
    $process
}

function Wait-Server([string] $Name, [Diagnostics.Process] $Process, [scriptblock] $Answers) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($clock.Elapsed.TotalSeconds -lt 30) {
        if ($Process -and $Process.HasExited) { break }
        try { if (& $Answers) { return $true } } catch { Write-Debug "$Name is not ready: $_" }
        Start-Sleep -Milliseconds 100
    }
    Write-Host "$Name did not start."
    $false
}

function Start-Registry([hashtable] $World, [string] $Name, [string[]] $Http = @(), [string[]] $Auth = @()) {
    $port = Get-FreePort
    $file = Join-Path $World.Folder "$Name.yml"
    @(
        'version: 0.1', 'log:', '  level: error', '  accesslog:', '    disabled: true'
        'storage:', '  filesystem:', "    rootdirectory: $(Join-Path $World.Folder $Name)", '  delete:', '    enabled: true'
        'http:', "  addr: 127.0.0.1:$port", '  secret: fixture'
        $Http; $Auth
    ) | Set-Content $file
    $process = Start-Server $World $Name 'docker-registry' @('serve', $file)
    $scheme = $Http ? 'https' : 'http'
    if (Wait-Server $Name $process { (Invoke-WebRequest "${scheme}://127.0.0.1:$port/v2/" -SkipCertificateCheck -SkipHttpErrorCheck -NoProxy).StatusCode -in 200, 401 }) {
        "127.0.0.1:$port"
    }
}

# The same storage once more, on the IPv6 loopback and the same port.
function Start-RegistryTwin([hashtable] $World, [string] $Name, [string] $Registry) {
    $twin = $Registry -replace '^127\.0\.0\.1', '[::1]'
    $file = Join-Path $World.Folder "$Name-v6.yml"
    (Get-Content -Raw (Join-Path $World.Folder "$Name.yml")) -replace 'addr: \S+', "addr: '$twin'" | Set-Content $file
    $process = Start-Server $World "$Name-v6" 'docker-registry' @('serve', $file)
    if (Wait-Server "$Name-v6" $process { (Invoke-WebRequest "http://$twin/v2/" -NoProxy).StatusCode -eq 200 }) { $twin }
}

function New-Certificate([string] $Folder) {
    $ca = Join-Path $Folder 'ca'
    $server = Join-Path $Folder 'server'
    Set-Content "$server.ext" 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:*.example.com'
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=fixture CA' -keyout "$ca.key" -out "$ca.crt" *> $null
    openssl req -newkey rsa:2048 -nodes -subj '/CN=fixture registry' -keyout "$server.key" -out "$server.csr" *> $null
    openssl x509 -req -in "$server.csr" -CA "$ca.crt" -CAkey "$ca.key" -CAcreateserial -days 2 -extfile "$server.ext" -out "$server.crt" *> $null
    @{ Ca = "$ca.crt"; Certificate = "$server.crt"; Key = "$server.key"; CaKey = "$ca.key" }
}

function Start-Engine([hashtable] $World, [string[]] $More = @()) {
    $socket = Join-Path $World.Folder 'docker.sock'
    $process = Start-Server $World 'dockerd' 'dockerd' @(
        '--data-root', (Join-Path $World.Folder 'docker-data'), '--exec-root', (Join-Path $World.Folder 'docker-exec'), '-H', "unix://$socket"
        '--pidfile', (Join-Path $World.Folder 'docker.pid'), '--iptables=false', '--ip6tables=false', '--bridge=none', '--ip-forward=false', '--ip-masq=false'
        $More)
    if (Wait-Server 'dockerd' $process { docker -H "unix://$socket" version *> $null; $LASTEXITCODE -eq 0 }) { "unix://$socket" }
}

function Start-Podman([hashtable] $World) {
    $socket = Join-Path $World.Folder 'podman.sock'
    $World.PodmanArguments = @('--root', (Join-Path $World.Folder 'podman-root'), '--runroot', (Join-Path $World.Folder 'podman-run'), '--storage-driver', 'vfs')
    $process = Start-Server $World 'podman' 'podman' ($World.PodmanArguments + 'system', 'service', '--time=0', "unix://$socket")
    if (Wait-Server 'podman' $process { (curl -s --unix-socket $socket http://d/_ping) -eq 'OK' }) { "unix://$socket" }
}

function Start-TestServer([hashtable] $World, [string[]] $Missing) {
    function Test-Has { -not ($args | Where-Object { $_ -in $Missing }) }
    if (Test-Has docker-registry skopeo) {
        $World.Registry = Start-Registry $World 'registry'
        if ($World.Registry) { $World.RegistryV6 = Start-RegistryTwin $World 'registry' $World.Registry }
        if (Test-Has openssl) {
            $World.Tls = New-Certificate $World.Folder
            $tls = @('  tls:', "    certificate: $($World.Tls.Certificate)", "    key: $($World.Tls.Key)")
            $World.TlsRegistry = Start-Registry $World 'registry-tls' -Http $tls
            $World.TokenRealm = "127.0.0.1:$(Get-FreePort)"
            $World.TokenJob = Start-ThreadJob -FilePath (Join-Path $PSScriptRoot 'TokenServer.ps1') -ArgumentList $World.TokenRealm, $World.Tls.Ca, $World.Tls.CaKey, $World.TokenPassword
            $World.TokenRegistry = Start-Registry $World 'registry-token' -Auth @(
                'auth:', '  token:', "    realm: http://$($World.TokenRealm)/token", '    service: fixture', '    issuer: fixture', "    rootcertbundle: $($World.Tls.Ca)")
        }
        if (Test-Has htpasswd) {
            $passwords = Join-Path $World.Folder 'htpasswd'
            htpasswd -Bbn tester $World.Password | Where-Object { $_ } | Set-Content $passwords
            $World.BasicRegistry = Start-Registry $World 'registry-basic' -Auth @('auth:', '  htpasswd:', '    realm: fixture', "    path: $passwords")
        }
    }
    if ([Environment]::UserName -eq 'root') {
        if (Test-Has dockerd docker busybox) { $World.Docker = Start-Engine $World }
        if (Test-Has podman) { $World.Podman = Start-Podman $World }
    }
    foreach ($name in @($World.Keys)) { if ($null -eq $World[$name]) { $World.Remove($name) } }
}

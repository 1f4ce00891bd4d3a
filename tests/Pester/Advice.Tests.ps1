# Errors as a user reads them, in a PowerShell of its own: what, where and why on the screen, and under it what to do next.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    $here = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
    $null = New-Item (Join-Path $here 'app.tar'), (Join-Path $here 'My App.tar')
    Copy-Item -Recurse $World.Sample (Join-Path $here 'images')

    # A server of raw bytes for as long as a script block runs: it says what a function makes of each head that it gets.
    function Use-Server([scriptblock] $Answer, [scriptblock] $Body) {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $job = Start-ThreadJob -ArgumentList $listener, "$Answer" {
            param($Listener, $Answer)
            $answerTo = [scriptblock]::Create($Answer)
            while ($true) {
                while (-not $Listener.Pending()) { Start-Sleep -Milliseconds 10 }
                $client = $Listener.AcceptTcpClient()
                $stream = $client.GetStream()
                $buffer = [byte[]]::new(16384)
                while (($count = $stream.Read($buffer)) -gt 0) {
                    $said = & $answerTo ([Text.Encoding]::Latin1.GetString($buffer, 0, $count))
                    $stream.Write([Text.Encoding]::Latin1.GetBytes($said))
                    if ($said -notmatch '^HTTP/1.1 200') { break }
                }
                $client.Close()
            }
        }
        try { & $Body "127.0.0.1:$($listener.LocalEndpoint.Port)" }
        finally {
            $job | Stop-Job -PassThru | Remove-Job -Force
            $listener.Stop()
        }
    }

    # The id of an error and what the screen shows of it, in one line.
    function Show-Record($Failure) {
        $Failure.Count | Should -Be 1
        $PSStyle.OutputRendering = 'PlainText'
        "$($Failure[0].FullyQualifiedErrorId) $($Failure[0] | Out-String -Width 1000)" -replace '\s+\|\s+|\s+', ' '
    }

    # The id of the error of each command and what the screen shows of it, in one line for each; all run in one process. There is no way to
    # the internet: whatever is asked of a registry elsewhere goes to a proxy, which lets nothing through unless it is another one.
    function Show-Error([string[]] $Command, [string] $Proxy) {
        if (-not $Proxy) { return Use-Server { "HTTP/1.1 403 Forbidden`r`nContent-Length: 0`r`nConnection: close`r`n`r`n" } { Show-Error $Command $args[0] } }
        $lines = foreach ($one in $Command) { "try { `$null = $one } catch { `$_.FullyQualifiedErrorId + ' ' + (`$_ | Out-String -Width 1000) -replace '\s+', ' ' }" }
        Invoke-FreshPwsh @"
`$env:HTTPS_PROXY = `$env:HTTP_PROXY = 'http://$Proxy'
`$ErrorActionPreference = 'Stop'
`$PSStyle.OutputRendering = 'PlainText'
Import-Module '$($World.ModulePath)/OciTools.psd1'
Set-Location '$here'
$($lines -join "`n")
"@
    }
}

Describe 'Advice' {
    It 'names the transport that was to be, also where the name was taken for a repository' {
        $cases = [ordered]@{
            'dockr-daemon:x' = 'ConnectionFailed', 'For an image of the local engine write docker-daemon:x.'
            'docker:x' = 'ConnectionFailed', 'For an image of the local engine write docker-daemon:x, for one in a registry x alone or docker://x.'
            'oci-archiv:' = 'InvalidImageName', 'For an image in an OCI archive write oci-archive:FILE:REF.'
            'oci-archiv:./app.tar' = 'InvalidImageName', 'For an image in an OCI archive write oci-archive:./app.tar.'
            'podman://app:1.0' = 'InvalidImageName', 'For an image of the local engine write docker-daemon:app:1.0.'
        }
        $said = @(Show-Error ($cases.Keys | ForEach-Object { "Get-ImageDigest '$_'" }))
        $said.Count | Should -Be $cases.Count
        for ($i = 0; $i -lt $said.Count; $i++) {
            $said[$i] | Should -Match "^$($cases[$i][0]),OciTools\.Commands\.GetImageDigestCommand Get-ImageDigest: .*Recommendation: $([regex]::Escape($cases[$i][1])) [A-Z]"
        }
    }

    It 'says how a file is written whose name was taken for a repository' {
        $names = 'app.tar', 'app.tar:1.0', 'My App.tar', 'images:1.0'
        $said = @(Show-Error ($names | ForEach-Object { "Get-ImageDigest '$_'" }))
        $said.Count | Should -Be $names.Count
        for ($i = 0; $i -lt $said.Count; $i++) {
            $said[$i] | Should -Match "Recommendation: There is a file or layout '$(($names[$i] -split ':')[0])' here: for it write ./$([regex]::Escape($names[$i]))\. "
        }
    }

    It 'names the nearest tags where they were listed, and asks for no list otherwise' {
        Skip-Without Registry, App
        $name = "$($World.Registry)/fixture/app"
        $messages = @(Get-ImageDigest "${name}:1.O" -Verbose -ErrorAction SilentlyContinue -ErrorVariable failure 4>&1)
        $failure[0].FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageDigestCommand'
        $messages.Count | Should -BeGreaterThan 0
        $messages -match 'tags/list' | Should -BeNullOrEmpty
        $said = @(Show-Error "Get-ImageDigest ${name}:1.O", "Get-ImageTag $name none*", "Get-ImageDigest ${name}:1.O")
        $said.Count | Should -Be 2
        $said[0] | Should -Match "is not there: .*Recommendation: Get-ImageTag $name lists the tags that there are\."
        $said[1] | Should -Match 'Recommendation: Of the tags that were listed the nearest (is|are) 1\.0'
    }

    It 'lists the platforms that there are' {
        Get-ImageConfig "oci:$($World.Sample):1.0" -Platform linux/s390x -ErrorAction SilentlyContinue -ErrorVariable failure
        Show-Record $failure | Should -Match '^PlatformNotFound,.* has no image for linux/s390x; it has: linux/amd64, linux/arm64\. .*Recommendation: .*-Platform'
    }

    It 'names the switch for a registry elsewhere that speaks http' {
        # a proxy that lets everything through to what any server of plain http says to the beginning of TLS
        $answer = { if ($args[0] -match '^CONNECT') { "HTTP/1.1 200 OK`r`n`r`n" } else { "HTTP/1.1 400 Bad Request`r`nContent-Length: 0`r`nConnection: close`r`n`r`n" } }
        Use-Server $answer { Show-Error 'Get-ImageDigest registry.example.com:5000/app' $args[0] } |
            Should -Match 'No connection to https://registry\.example\.com:5000: .*Recommendation: If registry\.example\.com:5000 speaks http and no TLS, add -PlainHttp\.'
    }

    It 'names the host of a token server that is not trusted' {
        Skip-Without TokenRegistry
        $account = [pscredential]::new('tester', (ConvertTo-SecureString $World.TokenPassword -AsPlainText -Force))
        Get-ImageDigest "$($World.TokenRegistry)/fixture/multi:1.0" -Credential $account -ErrorAction SilentlyContinue -ErrorVariable failure
        $realm = [regex]::Escape($World.TokenRealm)
        Show-Record $failure | Should -Match "^RealmNotTrusted,.*Recommendation: If $realm belongs to the registry, add -TrustedRealm $realm, or set"
    }

    It 'says how to log in again where a login is not taken any more' {
        Skip-Without BasicRegistry
        $file = Join-Path $here 'config.json'
        $auth = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("tester:$($World.WrongPassword)"))
        ConvertTo-Json @{ auths = @{ $World.BasicRegistry = @{ auth = $auth } } } | Set-Content $file
        $before = $env:DOCKER_CONFIG
        $env:DOCKER_CONFIG = $here
        try { Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0" -ErrorAction SilentlyContinue -ErrorVariable failure }
        finally {
            $env:DOCKER_CONFIG = $before
            Remove-Item $file
        }
        Show-Record $failure | Should -Match "^Unauthorized,.*refused the credential of 'tester' from .*Recommendation: The login may have expired: log in again with Connect-ImageRegistry $([regex]::Escape($World.BasicRegistry)), docker login"
    }

    It 'names the time at which a limit of pulls ends' {
        # the answer of Docker Hub
        $answer = {
            $body = '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"}]}'
            "HTTP/1.1 429 Too Many Requests`r`nContent-Type: application/json`r`nContent-Length: $($body.Length)`r`nratelimit-limit: 100;w=21600`r`nratelimit-remaining: 0;w=21600`r`nConnection: close`r`n`r`n$body"
        }
        $before = Get-Date
        Use-Server $answer { Get-ImageManifest "$($args[0])/library/app:1.0" -ErrorAction SilentlyContinue -ErrorVariable script:failure }
        $said = Show-Record $failure
        $said | Should -Match '^RateLimited,.*pull rate limit.*It counts over 6 h, so the limit ends at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d at the latest\. .*Recommendation: Wait until the named time, or log in with Connect-ImageRegistry, docker login or podman login'
        $null = $said -match 'ends at (?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'
        [datetime]::ParseExact($Matches.time, 'yyyy-MM-dd HH:mm:ss', $null) | Should -BeGreaterOrEqual $before.AddHours(6).AddSeconds(-1)
        [datetime]::ParseExact($Matches.time, 'yyyy-MM-dd HH:mm:ss', $null) | Should -BeLessOrEqual (Get-Date).AddHours(6)
    }
}

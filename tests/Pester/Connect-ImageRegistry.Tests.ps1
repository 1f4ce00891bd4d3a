BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $password = $World.Password
    function New-Account([string] $Name, [string] $Secret) { [pscredential]::new($Name, (ConvertTo-SecureString $Secret -AsPlainText -Force)) }
    function Push-App {
        $name = "$($World.BasicRegistry)/login/app:1.0"
        $null = Copy-Image "$($World.Registry)/fixture/app:1.0" $name -DestinationCredential (New-Account tester $password) -ErrorAction Stop
        $name
    }
    function New-ConfigFolder([string] $Text) {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName
        if ($Text) { Set-Content (Join-Path $folder 'config.json') $Text -NoNewline }
        $folder
    }

    # A credential helper that keeps its logins as files, as Docker's protocol has it.
    function New-Helper([string] $Name) {
        $folder = New-ConfigFolder
        $file = Join-Path $folder "docker-credential-$Name"
        Set-Content $file @"
#!/bin/sh
kept=$folder/kept; mkdir -p "`$kept"; input=`$(cat); name=`$(printf %s "`$input" | md5sum | cut -c 1-32)
case "`$1" in
store) server=`$(printf %s "`$input" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/'); printf %s "`$input" > "`$kept/`$(printf %s "`$server" | md5sum | cut -c 1-32)" ;;
get) if [ -f "`$kept/`$name" ]; then cat "`$kept/`$name"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
erase) rm -f "`$kept/`$name" ;;
list) cat "`$kept"/* 2> /dev/null | sed 's/.*"ServerURL":"\([^"]*\)","Username":"\([^"]*\)".*/{"\1":"\2"}/'; [ -n "`$(ls "`$kept")" ] || echo '{}' ;;
esac
"@
        chmod 755 $file
        $folder
    }
    $path = $env:PATH
}

Describe 'Connect-ImageRegistry' {
    AfterEach {
        Get-ImageRegistry | Where-Object Place -EQ Process | Disconnect-ImageRegistry -KeepStored -ErrorAction SilentlyContinue | Out-Null
        $env:DOCKER_CONFIG = $null
        $env:PATH = $path
    }
    It 'logs in for this process: later commands need no credential, until one logs out' {
        Skip-Without BasicRegistry
        $image = "$($World.BasicRegistry)/fixture/multi:1.0"
        $login = Connect-ImageRegistry $World.BasicRegistry -Credential (New-Account tester $password)
        $login.Registry, $login.UserName, "$($login.Kind)", "$($login.Place)", $login.Source, "$login" | Should -Be $World.BasicRegistry, 'tester', 'Password', 'Process', $null, $World.BasicRegistry
        (Get-ImageDigest $image).Digest | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
        (Get-ImageRepository $World.BasicRegistry).Repository | Should -Contain 'fixture/multi'
        Get-ChildItem $env:HOME -Recurse -Force -File | Select-String -SimpleMatch $World.BasicRegistry | Should -BeNullOrEmpty -Because 'nothing is written'
        $null = Disconnect-ImageRegistry $World.BasicRegistry
        Get-ImageDigest $image -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.GetImageDigestCommand'
    }
    It 'keeps nothing of a login that the registry refuses' {
        Skip-Without BasicRegistry
        $env:DOCKER_CONFIG = New-ConfigFolder
        Connect-ImageRegistry $World.BasicRegistry -Credential (New-Account tester $World.WrongPassword) -Persist -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.ConnectImageRegistryCommand'
        Get-ImageRegistry | Should -BeNullOrEmpty
        Get-ChildItem $env:DOCKER_CONFIG -Force | Should -BeNullOrEmpty
    }
    It 'comes before what is stored, and after -Credential' {
        Skip-Without BasicRegistry
        $image = "$($World.BasicRegistry)/fixture/multi:1.0"
        $wrong = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("tester:$($World.WrongPassword)"))
        $env:DOCKER_CONFIG = New-ConfigFolder "{`"auths`":{`"$($World.BasicRegistry)`":{`"auth`":`"$wrong`"}}}"
        $null = Connect-ImageRegistry $World.BasicRegistry -Credential (New-Account tester $password)
        (Get-ImageDigest $image -ErrorAction Stop).Digest | Should -Not -BeNullOrEmpty
        Get-ImageDigest $image -Credential (New-Account tester $World.WrongPassword) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.GetImageDigestCommand'
    }
    It 'keeps with the login that its token server is trusted' {
        Skip-Without TokenRegistry
        $account = New-Account tester $World.TokenPassword
        Connect-ImageRegistry $World.TokenRegistry -Credential $account -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'RealmNotTrusted,OciTools.Commands.ConnectImageRegistryCommand'
        Connect-ImageRegistry $World.TokenRegistry -Credential (New-Account tester $World.WrongPassword) -TrustedRealm $World.TokenRealm -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.ConnectImageRegistryCommand'
        (Connect-ImageRegistry $World.TokenRegistry -Credential $account -TrustedRealm $World.TokenRealm).TrustedRealms | Should -BeExactly $World.TokenRealm
        (Get-ImageDigest "$($World.TokenRegistry)/fixture/multi:1.0" -ErrorAction Stop).Digest | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
    }
    It 'reaches a registry with TLS as the other commands do' {
        Skip-Without TlsRegistry
        Connect-ImageRegistry $World.TlsRegistry -Credential (New-Account ann CANARY) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'CertificateRefused,OciTools.Commands.ConnectImageRegistryCommand'
        (Connect-ImageRegistry $World.TlsRegistry -Credential (New-Account ann CANARY) -SkipCertificateCheck -WarningAction SilentlyContinue).UserName | Should -BeExactly 'ann'
    }
    It 'takes a user as it is given, and says where a registry proves nothing' {
        Skip-Without Registry
        $login = Connect-ImageRegistry $World.Registry -Credential (New-Account 'a.b@corp' CANARY) -WarningVariable warning -WarningAction SilentlyContinue
        $login.UserName | Should -BeExactly 'a.b@corp'
        $warning | Should -Match 'lets everybody in'
    }
    It 'says what is wrong with <Registry>' -ForEach @{ Registry = 'https://ghcr.io' }, @{ Registry = 'team/app' }, @{ Registry = 'myhost' }, @{ Registry = 'a b' } {
        Connect-ImageRegistry $Registry -Credential (New-Account a CANARY) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidImageName,OciTools.Commands.ConnectImageRegistryCommand'
    }

    It 'stores what docker, podman and skopeo use, in the file' {
        Skip-Without BasicRegistry, Docker, Podman, App
        $image = Push-App
        $folder = $env:DOCKER_CONFIG = New-ConfigFolder '{"psFormat":"table"}'
        $logins = @(Connect-ImageRegistry $World.BasicRegistry -Credential (New-Account tester $password) -Persist)
        "$($logins[1].Place)", $logins[1].Source | Should -Be 'File', "$folder/config.json"
        skopeo inspect --tls-verify=false --authfile "$folder/config.json" --raw "docker://$image" | Should -Not -BeNullOrEmpty
        docker --config $folder -H $World.Docker pull -q $image 2>&1 | Should -BeExactly $image
        podman @($World.PodmanArguments) pull -q --tls-verify=false --authfile "$folder/config.json" $image 2>&1 | Should -Match '^[0-9a-f]{64}$'
        docker -H $World.Docker image rm $image *> $null
        podman @($World.PodmanArguments) image rm $image *> $null
        docker --config $folder logout $World.BasicRegistry | Should -Match 'Removing'
        (Get-Content -Raw "$folder/config.json" | ConvertFrom-Json).psFormat | Should -BeExactly 'table'
    }
    It 'stores what docker uses, in the helper, and leaves no secret in the file' {
        Skip-Without BasicRegistry, Docker, App
        $image = Push-App
        $env:PATH = "$(New-Helper kept)$([IO.Path]::PathSeparator)$path"
        $folder = $env:DOCKER_CONFIG = New-ConfigFolder '{"credsStore":"kept"}'
        $logins = @(Connect-ImageRegistry $World.BasicRegistry -Credential (New-Account tester $password) -Persist)
        "$($logins[1].Place)", $logins[1].Source | Should -Be 'Helper', 'docker-credential-kept'
        $null = Disconnect-ImageRegistry $World.BasicRegistry -KeepStored
        (Get-ImageDigest $image -ErrorAction Stop).Digest | Should -Not -BeNullOrEmpty
        docker --config $folder -H $World.Docker pull -q $image 2>&1 | Should -BeExactly $image
        docker -H $World.Docker image rm $image *> $null
        (Get-Content -Raw "$folder/config.json" | ConvertFrom-Json -AsHashtable).auths[$World.BasicRegistry].Count | Should -Be 0
        (Disconnect-ImageRegistry $World.BasicRegistry).Source | Should -BeExactly 'docker-credential-kept'
        Get-ImageRegistry | Should -BeNullOrEmpty
        docker --config $folder -H $World.Docker pull -q $image *> $null
        $LASTEXITCODE | Should -Not -Be 0
    }
    It 'uses what <Tool> login has stored, and <Tool> knows when one has logged out' -ForEach @{ Tool = 'docker' }, @{ Tool = 'podman' }, @{ Tool = 'skopeo' } {
        Skip-Without BasicRegistry, Docker, Podman
        $folder = $env:DOCKER_CONFIG = New-ConfigFolder
        $file = "$folder/config.json"
        if ($Tool -eq 'docker') { $password | docker --config $folder -H $World.Docker login -u tester --password-stdin $World.BasicRegistry *> $null }
        elseif ($Tool -eq 'podman') { $null = podman @($World.PodmanArguments) login --tls-verify=false --authfile $file -u tester -p $password $World.BasicRegistry }
        else { $null = skopeo login --tls-verify=false --authfile $file -u tester -p $password $World.BasicRegistry }
        (Get-ImageRegistry $World.BasicRegistry).UserName | Should -BeExactly 'tester'
        (Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0" -ErrorAction Stop).Digest | Should -Not -BeNullOrEmpty
        $null = Disconnect-ImageRegistry $World.BasicRegistry
        if ($Tool -eq 'docker') { docker --config $folder logout $World.BasicRegistry | Should -Match 'Not logged in|Removing' }
        else { skopeo login --get-login --authfile $file $World.BasicRegistry 2>&1 | Should -Match 'not logged in|no credentials' }
        Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0" -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'loses no login of many processes at once, and shows no file to others at any moment' {
        Skip-Without Registry
        $count = $World['Slow'] ? 16 : 4
        # sixteen names of one server on this computer, which wants the login that belongs to the name
        . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
        $port = Get-FreePort
        $server = Start-ThreadJob {
            $listener = [Net.HttpListener]::new()
            foreach ($i in 1..16) { $listener.Prefixes.Add("http://127.0.3.${i}:$using:port/") }
            $listener.Start()
            try {
                while ($true) {
                    $waiting = $listener.GetContextAsync()
                    while (-not $waiting.Wait(200)) { }
                    $context = $waiting.Result
                    $i = $context.Request.LocalEndPoint.Address.GetAddressBytes()[3]
                    $basic = 'Basic ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("user${i}:CANARY$i"))
                    if ($context.Request.Headers['Authorization'] -cne $basic) { $context.Response.StatusCode = 401; $context.Response.AddHeader('WWW-Authenticate', 'Basic realm="x"') }
                    $context.Response.Close()
                }
            }
            finally { $listener.Close() }
        }
        try {
            $real = New-ConfigFolder '{"detachKeys":"ctrl-e","auths":{"before.example.com":{"auth":"YjpiYg==","email":"b@example.com"}},"HttpHeaders":{"X":"y"}}'
            $folder = New-ConfigFolder
            $null = New-Item -ItemType SymbolicLink "$folder/config.json" -Target "$real/config.json"
            chmod 600 "$real/config.json"
            $run = "Import-Module '$($World.ModulePath)/OciTools.psd1'; [void](New-Item '$folder/ready-`$n'); while (-not (Test-Path '$folder/go')) { Start-Sleep -Milliseconds 20 }
                Connect-ImageRegistry 127.0.3.`${n}:$port -Credential ([pscredential]::new(`"user`$n`", (ConvertTo-SecureString `"CANARY`$n`" -AsPlainText -Force))) -Persist"
            $start = @(Get-PwshCommand)
            $processes = foreach ($n in 1..$count) {
                $info = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
                foreach ($argument in '-c', 'umask 0; exec "$@"', 'sh', $start, '-NoProfile', '-NonInteractive', '-Command', $ExecutionContext.InvokeCommand.ExpandString($run)) { foreach ($one in $argument) { $info.ArgumentList.Add($one) } }
                $info.Environment['DOCKER_CONFIG'] = $folder
                $info.RedirectStandardOutput = $true
                [Diagnostics.Process]::Start($info)
            }
            while (@(Get-ChildItem $folder -Filter ready-*).Count -lt $count -and -not @($processes | Where-Object HasExited)) { Start-Sleep -Milliseconds 20 }
            $null = New-Item "$folder/go"
            $open = [Collections.Generic.HashSet[string]]::new()
            $looks = 0
            while (@($processes | Where-Object { -not $_.HasExited }).Count) {
                foreach ($file in [IO.Directory]::GetFiles($real)) {
                    try { if ([IO.File]::GetUnixFileMode($file) -ne 'UserRead, UserWrite') { $null = $open.Add($file) } } catch { Write-Debug 'gone already' }
                }
                $looks++
                Start-Sleep -Milliseconds 1
            }
            $open | Should -BeNullOrEmpty
            $looks | Should -BeGreaterThan 10
            (Get-Item "$folder/config.json").LinkTarget | Should -BeExactly "$real/config.json"
            [IO.File]::GetUnixFileMode("$real/config.json") -eq 'UserRead, UserWrite' | Should -BeTrue
            $after = Get-Content -Raw "$real/config.json" | ConvertFrom-Json -AsHashtable
            $after.detachKeys, $after.HttpHeaders.X, $after.auths['before.example.com'].email | Should -BeExactly 'ctrl-e', 'y', 'b@example.com'
            $held = @(1..$count | Where-Object { $after.auths["127.0.3.${_}:$port"].auth -ceq [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("user${_}:CANARY$_")) }).Count
            Write-Host "E1 logins of many processes: tried $count, held $held"
            $held | Should -Be $count
            Get-ChildItem $real -Force | ForEach-Object Name | Sort-Object | Should -Be 'config.json', 'config.json.ocitools-lock'
        }
        finally { $server | Stop-Job -PassThru | Remove-Job -Force }
    }

    It 'shows no secret in any stream, error, transcript, view or file' {
        Skip-Without BasicRegistry, TokenRegistry
        $folder = New-ConfigFolder
        $secrets = $password, $World.TokenPassword, $World.WrongPassword, 'CANARY-identity'
        $secrets -join '|' | Set-Content (Join-Path $TestDrive 'secrets') -NoNewline
        $script = @'
            Import-Module '{module}/OciTools.psd1'
            $env:DOCKER_CONFIG = '{folder}'
            $null = Start-Transcript '{folder}/transcript.txt'
            $accounts = [IO.File]::ReadAllText('{secrets}') -split '\|' | ForEach-Object { [pscredential]::new('tester', (ConvertTo-SecureString $_ -AsPlainText -Force)) }
            $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
            & {
                Connect-ImageRegistry {basic} -Credential $accounts[2]
                Connect-ImageRegistry {basic} -Credential $accounts[0] | Format-List * | Out-String
                Connect-ImageRegistry {token} -Credential $accounts[1]
                Connect-ImageRegistry {token} -Credential $accounts[1] -TrustedRealm {realm} | ConvertTo-Json -Depth 5
                Connect-ImageRegistry {token} -IdentityToken $accounts[3].Password -TrustedRealm {realm}
                Get-ImageDigest {basic}/fixture/multi:1.0, {basic}/fixture/none:1.0, {token}/fixture/multi:1.0
                $logins = Get-ImageRegistry
                $logins; $logins | Out-String; $logins.ToString(); $logins | ConvertTo-Json -Depth 9; $logins | Export-Clixml '{folder}/logins.xml' -Depth 9; $logins | Format-List * -Force
                Disconnect-ImageRegistry {basic}
                $Error | ForEach-Object { $_ | Format-List * -Force; $_.Exception.ToString(); $_.InvocationInfo | Format-List * -Force; Get-Error -InputObject $_ }
            } *>&1 | Out-String -Width 500
            $null = Stop-Transcript
'@
        foreach ($pair in @{ module = $World.ModulePath; folder = $folder; secrets = (Join-Path $TestDrive 'secrets'); basic = $World.BasicRegistry; token = $World.TokenRegistry; realm = $World.TokenRealm }.GetEnumerator()) {
            $script = $script.Replace("{$($pair.Key)}", $pair.Value)
        }
        $said = @(Invoke-FreshPwsh $script) -join "`n"
        $said | Should -Match 'GET http\S+/token' -Because 'the requests were shown'
        $said | Should -Match 'Authorization: Basic \*\*\*'
        foreach ($text in $said, (Get-Content -Raw "$folder/transcript.txt"), (Get-Content -Raw "$folder/logins.xml")) {
            foreach ($secret in $secrets) {
                $text.Contains($secret) | Should -BeFalse
                $text.Contains([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("tester:$secret"))) | Should -BeFalse
            }
        }
        Get-ChildItem $folder -Force | ForEach-Object Name | Sort-Object | Should -Be 'logins.xml', 'transcript.txt'
    }

    It 'asks before, and does nothing with -WhatIf' {
        Skip-Without BasicRegistry
        $folder = New-ConfigFolder
        $said = Invoke-FreshPwsh @"
            Import-Module '$($World.ModulePath)/OciTools.psd1'
            `$env:DOCKER_CONFIG = '$folder'
            Connect-ImageRegistry $($World.BasicRegistry) -Credential ([pscredential]::new('tester', (ConvertTo-SecureString 'CANARY, no request is sent' -AsPlainText -Force))) -Persist -WhatIf -Verbose
            Get-ImageRegistry
"@
        $said | Should -HaveCount 1
        $said | Should -Match "^What if: .*$([regex]::Escape($World.BasicRegistry)) as tester, for this process and kept in $([regex]::Escape($folder))/config.json"
        Get-ChildItem $folder -Force | Should -BeNullOrEmpty
    }
}

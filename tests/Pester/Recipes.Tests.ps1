# The scripts of docs/recipes do what their pages say, against real servers.
BeforeDiscovery {
    $scripts = @(Get-ChildItem (Join-Path $PSScriptRoot '../../docs/recipes') -Filter *.ps1 | ForEach-Object { @{ Name = $_.BaseName; Path = $_.FullName } })
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'New-TestImages.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'New-FileSystems.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
    $recipes = (Resolve-Path (Join-Path $PSScriptRoot '../../docs/recipes')).Path

    # they load the module by its name
    $modulePath = $env:PSModulePath
    $env:PSModulePath = (Split-Path (Split-Path $World.ModulePath)) + [IO.Path]::PathSeparator + $env:PSModulePath
    function New-Folder { (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName }

    # An image whose config says no date.
    function New-Undated([string] $Name) {
        $folder = New-Folder
        $null = Invoke-Tool sh -c 'cd "$1" && echo x > file && tar -cf 0.tar file' sh $folder
        $layout = [LayoutWriter]::new("$folder/layout")
        $layout.AddImage('undated', "$folder/0.tar", "$folder/0.tar")
        $layout.Save()
        $null = Invoke-Tool skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$folder/layout:undated" "docker://$Name"
    }

    # SSH servers on loopback, with PowerShell as a subsystem, for the user of this process.
    function Start-SshHost([string[]] $Address) {
        $folder = New-Folder
        foreach ($key in 'host', 'user') { $null = Invoke-Tool ssh-keygen -q -t ed25519 -N '' -f "$folder/$key" }
        Copy-Item "$folder/user.pub" "$folder/authorized"
        $port = Get-FreePort
        $null = New-Item -ItemType Directory -Force /run/sshd
        Set-Content "$folder/pwsh.sh" '#!/bin/sh', "exec '$(@(Get-PwshCommand) -join "' '")' -sshs -NoLogo -NoProfile"
        chmod 755 "$folder/pwsh.sh"
        foreach ($one in $Address) {
            Set-Content "$folder/$one.conf" @"
ListenAddress $one
Port $port
HostKey $folder/host
AuthorizedKeysFile $folder/authorized
PidFile $folder/$one.pid
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
SetEnv PSModulePath=$(Split-Path (Split-Path $World.ModulePath)) DOTNET_ROOT=$(Split-Path ([Environment]::ProcessPath)) DOTNET_CLI_TELEMETRY_OPTOUT=1
Subsystem powershell $folder/pwsh.sh
"@
            $process = Start-Process (Get-Command sshd).Source -ArgumentList '-D', '-f', "$folder/$one.conf" -PassThru -RedirectStandardError "$folder/$one.err"
            [pscustomobject]@{ Name = $one; Process = $process; Options = @{ Port = $port; IdentityFile = "$folder/user"; StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null'; LogLevel = 'ERROR' } }
        }
        foreach ($one in $Address) {
            for ($i = 0; $i -lt 100; $i++) { try { [Net.Sockets.TcpClient]::new($one, $port).Dispose(); break } catch { Start-Sleep -Milliseconds 50 } }
        }
    }

    # Images with a layer and a date of their own, under tags of a new repository.
    function New-Tag([string] $Repository, [string[]] $Tag) {
        $layout = Join-Path (New-Folder) 'layout'
        foreach ($one in $Tag) {
            $null = Invoke-Tool skopeo --insecure-policy --override-arch amd64 copy -q "oci:$($World.Sample):1.0" "oci:${layout}:$one"
            $null = Invoke-Tool umoci config --image "${layout}:$one" --config.label "tag=$one" --created "2026-01-$('{0:00}' -f (1 + [array]::IndexOf($Tag, $one)))T00:00:00Z"
            $null = Invoke-Tool skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:${layout}:$one" "docker://${Repository}:$one"
        }
    }
}

AfterAll { $env:PSModulePath = $modulePath }

Describe 'The recipe <Name>' -ForEach $scripts {
    It 'is short, has a page, and says what it does' {
        @(Get-Content $Path).Count | Should -BeLessOrEqual 40
        (Get-Help $Path).Synopsis | Should -Match '\.$'
        $pages = Get-ChildItem $recipes -Filter *.md | Where-Object { (Get-Content -Raw $_) -match "\]\($Name\.ps1\)" }
        $pages | Should -Not -BeNullOrEmpty
        Get-Content -Raw (Join-Path $recipes README.md) | Should -Match "$Name\.ps1"
    }
}

Describe 'Recipes' {
    It 'pin images of compose files and Kubernetes manifests, and nothing else in them' {
        Skip-Without Registry, App
        $folder = New-Folder
        $name = "$($World.Registry)/fixture/app"
        $digest = Get-PeerDigest "docker://${name}:1.0"
        $compose = "services:`r`n  web:`r`n    image: ${name}:1.0   # the web`r`n    environment: { image: x }`r`n  quoted:`r`n    image: `"${name}:1.0`"`r`n  pinned:`r`n    image: ${name}@$digest`r`n  variable:`r`n    image: `${IMAGE}:1.0`r`n"
        $pod = "spec:`n  containers:`n  - image: '${name}:1.0'`n    name: a`n  - name: b`n    image: ${name}:1.0`n"
        [IO.File]::WriteAllText("$folder/compose.yaml", $compose)
        [IO.File]::WriteAllText("$folder/pod.yaml", $pod)
        $null = & "$recipes/Set-ImagePin.ps1" "$folder/*.yaml" -WhatIf
        [IO.File]::ReadAllText("$folder/pod.yaml") | Should -BeExactly $pod
        (& "$recipes/Set-ImagePin.ps1" "$folder/*.yaml").Pinned | Should -Be 2, 2
        [IO.File]::ReadAllText("$folder/compose.yaml") | Should -BeExactly ($compose.Replace("${name}:1.0", "${name}:1.0@$digest"))
        [IO.File]::ReadAllText("$folder/pod.yaml") | Should -BeExactly ($pod.Replace("${name}:1.0", "${name}:1.0@$digest"))
        (& "$recipes/Set-ImagePin.ps1" "$folder/*.yaml").Pinned | Should -Be 0, 0
        [IO.File]::WriteAllText("$folder/bad.yaml", "image: ${name}:1.0`nimage: ${name}:none`n")
        { & "$recipes/Set-ImagePin.ps1" "$folder/bad.yaml" } | Should -Throw -ErrorId 'ImageNotFound*'
        [IO.File]::ReadAllText("$folder/bad.yaml") | Should -Not -Match sha256
    }

    It 'give the largest layers of a registry' {
        Skip-Without Registry, App
        $found = @(& "$recipes/Get-LargestLayer.ps1" $World.Registry -First 5 -ErrorAction SilentlyContinue)
        $found.Count | Should -Be 5
        $found.Size | Should -Be @($found.Size | Sort-Object -Descending)
        @($found.Digest | Sort-Object -Unique).Count | Should -Be 5
        (Get-PeerRaw "docker://$($found[0].Images[0])" --override-os linux).layers.digest | Should -Contain $found[0].Digest
    }

    It 'find tags that stand for the same image' {
        Skip-Without Registry
        if ('umoci' -in $World.Missing) { Set-ItResult -Skipped -Because 'umoci is not to be had here' }
        $repository = "$($World.Registry)/recipes/same"
        New-Tag $repository 'a', 'b'
        $null = Add-ImageTag "${repository}:a" -Tag c, d
        $found = @(& "$recipes/Get-SameTag.ps1" $repository)
        $found.Count | Should -Be 1
        $found.Tags | Sort-Object | Should -Be 'a', 'c', 'd'
        $found.Digest | Should -BeExactly (Get-PeerDigest "docker://${repository}:a")
    }

    It 'pull again what has moved on' {
        Skip-Without Docker, App
        $repository = "$($World.Registry)/recipes/behind"
        New-Tag $repository 'one', 'two'
        $null = Add-ImageTag "${repository}:one" -Tag moving
        try {
            foreach ($tag in 'moving', 'two') { $null = Invoke-Tool docker pull -q "${repository}:$tag" }
            @(& "$recipes/Update-LocalImage.ps1" "$repository") | Should -BeNullOrEmpty
            $null = Add-ImageTag "${repository}:two" -Tag moving -Force
            $null = & "$recipes/Update-LocalImage.ps1" "$repository" -WhatIf
            docker image inspect -f '{{.Id}}' "${repository}:moving" | Should -Not -Be (docker image inspect -f '{{.Id}}' "${repository}:two")
            @(& "$recipes/Update-LocalImage.ps1" "$repository").Count | Should -Be 1
            docker image inspect -f '{{.Id}}' "${repository}:moving" | Should -Be (docker image inspect -f '{{.Id}}' "${repository}:two")
        }
        finally { docker image rm -f (docker image ls -q $repository | Sort-Object -Unique) *> $null }
    }

    It 'keep the newest tags, and those without a date' {
        Skip-Without Registry
        if ('umoci' -in $World.Missing) { Set-ItResult -Skipped -Because 'umoci is not to be had here' }
        $repository = "$($World.Registry)/recipes/old"
        New-Tag $repository (1..6).ForEach{ "v$_" }
        New-Undated "${repository}:undated"
        & "$recipes/Remove-OldTag.ps1" $repository -Keep 2 -WhatIf
        @(Get-ImageTag $repository).Count | Should -Be 7
        $null = & "$recipes/Remove-OldTag.ps1" $repository -Keep 2 -Confirm:$false
        (Get-ImageTag $repository).Tag | Sort-Object | Should -Be 'undated', 'v5', 'v6'
    }

    It 'mirror a list, with a log and an exit code' {
        Skip-Without Registry, App
        $folder = New-Folder
        $app = "$($World.Registry)/fixture/app:1.0"
        Set-Content "$folder/list.txt" '# what we need', '', $app, "$($World.Registry)/fixture/multi:1.0"
        $mirror = "$($World.Registry)/mirror"
        (& "$recipes/Copy-ImageList.ps1" "$folder/list.txt" $mirror -Log "$folder/log").Count | Should -Be 2
        $LASTEXITCODE | Should -Be 0
        Get-PeerDigest "docker://$mirror/fixture/app:1.0" | Should -Be (Get-PeerDigest "docker://$app")
        @(Get-Content "$folder/log") -match ' copied ' | Should -HaveCount 2
        Add-Content "$folder/list.txt" "$($World.Registry)/fixture/none:1.0"
        $null = & "$recipes/Copy-ImageList.ps1" "$folder/list.txt" $mirror -Log "$folder/log" 2> $null
        $LASTEXITCODE | Should -Be 1
        (Get-Content "$folder/log") -match "FAILED .*fixture/none" | Should -HaveCount 1
    }

    It 'carry images to a host without a network' {
        Skip-Without Docker, App
        $folder = New-Folder
        $names = "$($World.Registry)/fixture/app:1.0", "$($World.Registry)/fixture/multi:1.0"
        (& "$recipes/Export-AirGap.ps1" $names -Destination $folder).Digest | Should -Be @($names.ForEach{ Get-PeerDigest "docker://$_" })
        (& "$recipes/Import-AirGap.ps1" "$folder/images.csv").Image | Should -Be $names
        docker image inspect -f '{{.Id}}' $names[0] | Should -Be $World.AppId
        $archive = (Get-ChildItem $folder -Filter *app*.tar).FullName
        $bytes = [IO.File]::ReadAllBytes($archive)
        $bytes[[int]($bytes.Length / 2)] = $bytes[[int]($bytes.Length / 2)] -bxor 1
        [IO.File]::WriteAllBytes($archive, $bytes)
        { & "$recipes/Import-AirGap.ps1" "$folder/images.csv" -NoLoad } | Should -Throw "$(Split-Path -Leaf $archive) is damaged: *"
    }

    It 'write a report that another program reads' {
        Skip-Without Registry, App
        if (-not (Get-Command python3 -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'Python is not to be had here' }
        $json = "$($World.Registry)/fixture/app:1.0" | & "$recipes/Export-ImageReport.ps1"
        $code = 'import json,sys; r=json.load(sys.stdin); print(len(r), r[0]["imageId"], all(isinstance(l["size"], int) for l in r[0]["layers"]))'
        $json -join "`n" | python3 -c $code | Should -Be "1 $($World.AppId) True"
    }

    It 'audit several hosts by remoting' -Tag Slow {
        Skip-Without Registry, App
        if (-not (Get-Command sshd -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'sshd is not to be had here' }
        $hosts = @(Start-SshHost 127.0.0.1, 127.0.0.2)
        try {
            $image = "$($World.Registry)/fixture/app:1.0"
            $found = @(& "$recipes/Get-RemoteImage.ps1" $hosts.Name -Image $image, "$($World.Registry)/fixture/multi:1.0" -Options $hosts[0].Options)
            $found.Count | Should -Be 4
            @($found.PSComputerName | Sort-Object -Unique).Count | Should -Be 2
            ($found | Where-Object ImageId -EQ $World.AppId).Count | Should -Be 2
            $found[0].Created | Should -BeOfType [datetime]
        }
        finally { $hosts.Process | Stop-Process }
    }
}

BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $multi = @(Get-MultiPlace)
    $app = @(Get-AppPlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }
    function New-Name { "copied/$([guid]::NewGuid().ToString('n')):1.0" }
    function New-Repository { "$($World.Registry)/engine/$([guid]::NewGuid().ToString('n'))" }
    function Invoke-Podman { podman @($World.PodmanArguments) @args }

    # one engine instead of the other
    function Use-Engine([string] $Address, [scriptblock] $Script) {
        $before = $env:DOCKER_HOST
        $env:DOCKER_HOST = $Address
        try { & $Script } finally { $env:DOCKER_HOST = $before }
    }

    # the digest of the config, which skopeo changes when it makes one of OCI
    function Get-AppId([string] $Name) {
        if ($Name -match '^docker-') { return $World.AppId }
        (Get-PeerRaw ($Name -match '^oci:' ? $Name : "docker://$Name")).config.digest
    }

    # what the program in an image says: its content is there and can be run
    function Invoke-App([string] $Name) { docker run --rm --network none --entrypoint /bin/cat $Name /srv/data/motd }
}

Describe 'Copy-Image to and from engines and archives' {
    AfterAll {
        # the images are those of other tests too
        if ($World['Docker']) { docker image ls -q --filter 'reference=copied/*' --format '{{.Repository}}:{{.Tag}}' | ForEach-Object { $null = docker image rm $_ } }
    }

    It 'loads into Docker, with the image id of the config, from <Place>' -ForEach $app {
        Skip-Without Docker, $Key
        $to = New-Name
        $result = Copy-Image $Name "docker-daemon:$to"
        docker image inspect -f '{{.Id}}' $to | Should -BeExactly (Get-AppId $Name)
        Invoke-App $to | Should -BeExactly 'welcome'
        $result.DestinationDigest | Should -BeNullOrEmpty
        $result.BytesSent | Should -BeGreaterThan 0
        if ($result.SourceDigest) {
            $result.ChangedDigests.Subject | Should -BeExactly 'Manifest'
            $result.ChangedDigests.SourceDigest | Should -BeExactly $result.SourceDigest
            $result.ChangedDigests.Reason | Should -Match '-UseEngine'
        }
        (Copy-Image $Name "docker-daemon:$to").BytesSent | Should -Be 0 -Because 'it is there already'
    }

    It 'loads one image of an index into Docker, the one of the engine: <Place>' -ForEach $multi {
        Skip-Without Docker, $Key
        $to = New-Name
        $null = Copy-Image $Name "docker-daemon:$to"
        docker image inspect -f '{{.Architecture}} {{.Id}}' $to | Should -BeExactly "amd64 $((Get-PeerChild $Peer amd64).config.digest)"
        $null = Copy-Image $Name "docker-daemon:$to" -Platform linux/arm64 -Force
        docker image inspect -f '{{.Architecture}} {{.Id}}' $to | Should -BeExactly "arm64 $((Get-PeerChild $Peer arm64).config.digest)"
    }

    It 'loads layers of zstd into <Engine>' -ForEach @{ Engine = 'Docker' }, @{ Engine = 'Podman' } {
        Skip-Without $Engine, ZstdLayout
        $to = New-Name
        Use-Engine $World[$Engine] { $null = Copy-Image "oci:$($World.ZstdLayout):zstd" "docker-daemon:$to" -ErrorAction Stop }
        $id = (Get-PeerRaw "oci:$($World.ZstdLayout):zstd").config.digest
        $Engine -eq 'Docker' ? (docker image inspect -f '{{.Id}}' $to) : "sha256:$(Invoke-Podman image inspect -f '{{.Id}}' $to)" | Should -BeExactly $id
    }

    It 'loads into Podman from a registry, and out of it into a registry' {
        Skip-Without Podman, App
        $to = New-Name
        Use-Engine $World.Podman { $null = Copy-Image "$($World.Registry)/fixture/app:1.0" "docker-daemon:$to" -ErrorAction Stop }
        "sha256:$(Invoke-Podman image inspect -f '{{.Id}}' $to)" | Should -BeExactly $World.AppId
        $repository = New-Repository
        $result = Use-Engine $World.Podman { Copy-Image "docker-daemon:$to" "${repository}:back" -ErrorAction Stop }
        $result.DestinationDigest | Should -BeExactly (Get-PeerDigest "docker://${repository}:back")
        (Get-PeerRaw "docker://${repository}:back").config.digest | Should -BeExactly $World.AppId
        (Test-Image "${repository}:back").Passed | Should -BeTrue
    }

    It 'takes a name in an engine from another image only with -Force' {
        Skip-Without Docker
        $to = New-Name
        $null = Copy-Image "oci:$($World.Sample):1.0" "docker-daemon:$to" -Platform linux/amd64
        $before = docker image inspect -f '{{.Id}}' $to
        Copy-Image "oci:$($World.Sample):1.0" "docker-daemon:$to" -Platform linux/arm64 -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagExists,OciTools.Commands.CopyImageCommand'
        docker image inspect -f '{{.Id}}' $to | Should -BeExactly $before
    }

    It 'leaves nothing in <Engine> of an image that is damaged' -ForEach @{ Engine = 'Docker' }, @{ Engine = 'Podman' } {
        Skip-Without $Engine
        $layout = New-Layout
        $null = New-DamagedSample $layout
        $to = New-Name
        Use-Engine $World[$Engine] {
            $before = @(Get-Image).Count
            Copy-Image "oci:${layout}:1.0" "docker-daemon:$to" -Platform linux/amd64 -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'DigestMismatch,OciTools.Commands.CopyImageCommand'
            @(Get-Image).Count | Should -Be $before
        }
    }

    It 'lets Docker pull with -UseEngine, and keeps the registry digest' {
        Skip-Without Docker, App
        $to = New-Name
        $source = "$($World.Registry)/fixture/multi:1.0"
        $result = Copy-Image $source "docker-daemon:$to" -UseEngine
        $result.SourceDigest, $result.DestinationDigest | Should -BeExactly (, (Get-PeerDigest "docker://$source") * 2)
        $result.ChangedDigests | Should -BeNullOrEmpty
        docker image inspect -f '{{join .RepoDigests " "}}' $to | Should -Match ([regex]::Escape($result.SourceDigest))
        Copy-Image $source "docker-daemon:$to" -UseEngine -Platform linux/arm64 -Force | Should -Not -BeNullOrEmpty
    }

    It 'lets Docker pull with a credential, of which nothing is seen' {
        Skip-Without Docker, BasicRegistry
        $to = New-Name
        $secret = $World.Password
        $credential = [pscredential]::new('tester', (ConvertTo-SecureString $secret -AsPlainText))
        $said = Copy-Image "$($World.BasicRegistry)/fixture/multi:1.0" "docker-daemon:$to" -UseEngine -Credential $credential -Verbose -Debug *>&1
        docker image inspect -f '{{.Architecture}}' $to | Should -BeExactly 'amd64'
        "$said" | Should -Not -Match ([regex]::Escape($secret))
        "$said" | Should -Not -Match ([regex]::Escape([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($secret)).Substring(0, 12)))
    }

    It 'says what -UseEngine is for where it cannot be' {
        foreach ($to in "oci:$(New-Layout):x", "docker-archive:$(New-Layout)") {
            Copy-Image "oci:$($World.Sample):1.0" $to -UseEngine -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'ParameterConflict,OciTools.Commands.CopyImageCommand'
        }
    }

    It 'pushes what an engine built: the same layers get the same digests, and a registry that has them gets none' {
        Skip-Without Docker, App
        $repository = New-Repository
        $first = Copy-Image docker-daemon:fixture/derived:1.0 "${repository}:1"
        (Test-Image "${repository}:1").Passed | Should -BeTrue
        (Get-PeerRaw "docker://${repository}:1").config.digest | Should -BeExactly (docker image inspect -f '{{.Id}}' fixture/derived:1.0)
        $first.SourceDigest | Should -BeNullOrEmpty
        @($first.ChangedDigests | Where-Object Subject -Like 'Layer *').Count | Should -Be (Get-ImageLayer docker-daemon:fixture/derived:1.0).Count
        $again = Copy-Image docker-daemon:fixture/derived:1.0 "${repository}:1"
        $again.DestinationDigest | Should -BeExactly $first.DestinationDigest
        $again.BytesSent | Should -Be 0
        (Copy-Image docker-daemon:fixture/derived:1.0 "${repository}:2").DestinationDigest | Should -BeExactly $first.DestinationDigest
        docker run --rm --network none --entrypoint /bin/cat "$(docker pull -q "${repository}:1")" /etc/motd | Should -BeExactly 'welcome'
    }

    It 'mounts what the registry has of an image that the engine pushed there, and keeps its digest' {
        Skip-Without Docker, App
        $repository = New-Repository
        $said = Copy-Image "docker-daemon:$($World.Registry)/fixture/app:1.0" "${repository}:1" -Verbose 4>&1
        $result = $said | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }
        $result.DestinationDigest | Should -BeExactly (Get-PeerDigest "docker://$($World.Registry)/fixture/app:1.0")
        @($said -match '^POST .*mount=').Count | Should -BeGreaterThan 0
        @($said -match '^PUT .*/blobs/').Count | Should -Be 0
        (Test-Image "${repository}:1").Passed | Should -BeTrue
    }

    It 'warns of a manifest that the engine names and the registry has damaged, and sends the layers' {
        Skip-Without Docker
        ($name, $copy) = "$(New-Repository):1", "$(New-Repository):1"
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'imported')).FullName
        Set-Content (Join-Path $folder 'file') ([guid]::NewGuid())
        $null = tar -cf "$folder.tar" -C $folder .
        $null = docker import "$folder.tar" $name
        try {
            $null = docker push -q $name
            $digest = (docker image inspect -f '{{index .RepoDigests 0}}' $name).Split('@')[1]
            $hex = $digest.Split(':')[1]
            $file = Join-Path $World.Folder registry docker registry v2 blobs sha256 $hex.Substring(0, 2) $hex data
            (Get-Content $file -Raw) -replace '"size": ?\d', '"size": 9' | Set-Content $file -NoNewline
            $result = Copy-Image "docker-daemon:$name" $copy -WarningVariable warned -WarningAction SilentlyContinue
            "$warned" | Should -BeLike "*$digest*damaged*"
            (Test-Image $copy).Passed | Should -BeTrue
            (Get-PeerRaw "docker://$copy").config.digest | Should -BeExactly (docker image inspect -f '{{.Id}}' $name)
            $result.DestinationDigest | Should -BeExactly (Get-PeerDigest "docker://$copy")
        }
        finally { $null = docker rmi $name }
    }

    It 'makes a layout of <Place>, whose config and diff ids are the same' -ForEach ($app | Where-Object Name -Match '^docker-(archive|daemon):') {
        Skip-Without $Key, App
        $layout = New-Layout
        $null = Copy-Image $Name "oci:${layout}:x" -ErrorAction Stop
        (Test-Image "oci:${layout}:x").Passed | Should -BeTrue
        (Get-PeerRaw "oci:${layout}:x").config.digest | Should -BeExactly $World.AppId
        (Get-PeerConfig "oci:${layout}:x").rootfs.diff_ids | Should -BeExactly (Get-PeerConfig "docker://$($World.Registry)/fixture/app:1.0").rootfs.diff_ids
    }

    It 'writes an OCI archive that skopeo and podman read, with the same digest, of <Place>' -ForEach $multi {
        Skip-Without $Key
        $file = "$(New-Layout).tar"
        $result = Copy-Image $Name "oci-archive:${file}:copy"
        $result.DestinationDigest | Should -BeExactly (Get-PeerDigest $Peer)
        (Test-Image "oci-archive:${file}:copy").Passed | Should -BeTrue
        if ((Get-ImageDigest "oci-archive:$file").MediaType -notlike '*.docker.*') { Get-PeerDigest "oci-archive:${file}:copy" | Should -BeExactly $result.DestinationDigest }
        tar -tf $file | Select-Object -First 1 | Should -BeExactly 'oci-layout'
        Copy-Image $Name "oci-archive:${file}:copy" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'FileExists,OciTools.Commands.CopyImageCommand'
        $hash = Get-FileSha256 $file
        $null = Copy-Image $Name "oci-archive:${file}:copy" -Force
        Get-FileSha256 $file | Should -BeExactly $hash -Because 'the same image gives the same bytes'
    }

    It 'writes an archive that docker load, podman load and skopeo read, of <Place>' -ForEach ($app | Where-Object Place -In 'registry, Docker manifest', 'docker save, gzip', 'Docker engine') {
        Skip-Without Docker, $Key
        $file = "$(New-Layout).tar"
        $to = New-Name
        $id = Get-AppId $Name
        $null = Copy-Image $Name "docker-archive:${file}:$to" -ErrorAction Stop
        (Get-ImageConfig "docker-archive:${file}:$to").ImageId | Should -BeExactly $id
        docker load -q -i $file | Should -Match ([regex]::Escape($to))
        docker image inspect -f '{{.Id}}' $to | Should -BeExactly $id
        'sha256:' + (skopeo inspect --config --raw "docker-archive:$file" | sha256sum).Split(' ')[0] | Should -BeExactly $id
        if ($World['Podman']) {
            $null = Invoke-Podman load -q -i $file
            "sha256:$(Invoke-Podman image inspect -f '{{.Id}}' $to)" | Should -BeExactly $id
        }
    }

    It 'leaves no archive of an image that is damaged: <Kind>' -ForEach @{ Kind = 'oci-archive' }, @{ Kind = 'docker-archive' } {
        $layout = New-Layout
        $null = New-DamagedSample $layout
        $folder = (New-Item -ItemType Directory (New-Layout)).FullName
        Copy-Image "oci:${layout}:1.0" "${Kind}:$folder/x.tar" -Platform linux/amd64 -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'DigestMismatch,OciTools.Commands.CopyImageCommand'
        Get-ChildItem $folder -Force | Should -BeNullOrEmpty
    }

    It 'refuses a name that cannot be given: <To>' -ForEach @{ To = 'docker-daemon:sha256:0000000000000000000000000000000000000000000000000000000000000000' }, @{ To = 'docker-archive:x.tar:@1' }, @{ To = 'oci-archive:x.tar:@0' } {
        Copy-Image "oci:$($World.Sample):1.0" $To -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidImageName,OciTools.Commands.CopyImageCommand'
    }

    It 'writes nothing into an engine with -WhatIf' {
        Skip-Without Docker
        $to = New-Name
        $said = Get-WhatIf "Copy-Image 'oci:$($World.Sample):1.0' 'docker-daemon:$to' -WhatIf"
        @($said -match 'What if:').Count | Should -Be 1
        docker image inspect $to *> $null
        $LASTEXITCODE | Should -Not -Be 0
    }

    It 'is read by skopeo, umoci, podman and docker, and reads what they write, with equal digests' {
        Skip-Without Docker, Podman, UmociLayout
        $held = [System.Collections.Generic.List[string]]::new()
        # podman wants the path in lower case
        $layout = "/tmp/ocitools-$([guid]::NewGuid().ToString('n').Substring(0, 8))/layout"
        try {
            $repository = New-Repository
            $digest = (Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x" -Platform linux/amd64).DestinationDigest
            $null = Copy-Image "oci:${layout}:x" "${repository}:x"

            # each reads it, and writes it elsewhere, from where it is copied again
            $null = skopeo --insecure-policy copy -q "oci:${layout}:x" "oci:${layout}-skopeo:x"
            if ((Copy-Image "oci:${layout}-skopeo:x" "oci:${layout}-1:x").DestinationDigest -ceq $digest) { $held.Add('skopeo') }
            $null = umoci tag --image "${layout}:x" y
            $null = umoci gc --layout $layout
            if ((Copy-Image "oci:${layout}:y" "oci:${layout}-2:x").DestinationDigest -ceq $digest -and (umoci ls --layout "${layout}-2") -ceq 'x') { $held.Add('umoci') }
            $id = [string](Invoke-Podman pull -q "oci:${layout}:x")
            $null = Invoke-Podman push -q $id "oci:${layout}-podman:x"
            if ((Invoke-Podman image inspect -f '{{.RepoDigests}}' $id) -like "*@$digest*" -and (Copy-Image "oci:${layout}-podman:x" "oci:${layout}-3:x").SourceDigest -ceq (Get-PeerDigest "oci:${layout}-podman:x")) { $held.Add('podman') }
            $null = docker pull -q "${repository}:x"
            if ((docker image inspect -f '{{join .RepoDigests " "}}' "${repository}:x") -like "*@$digest*" -and (Copy-Image "docker-daemon:${repository}:x" "${repository}-back:x").DestinationDigest -ceq $digest) { $held.Add('docker') }
        }
        finally { rm -rf (Split-Path $layout) }
        Write-Host "D9: tried 4, held $($held.Count)"
        $held | Should -BeExactly 'skopeo', 'umoci', 'podman', 'docker'
    }

    It 'ends with an error and leaves no file when the engine is killed while it loads or saves' -Tag Slow {
        Skip-Without Docker
        . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
        $times = 20
        $folder = (New-Item -ItemType Directory (New-Layout)).FullName
        # the path of a socket must be short
        $short = (New-Item -ItemType Directory "/tmp/ocitools-$([guid]::NewGuid().ToString('n').Substring(0, 8))").FullName
        $spools = @((Get-ChildItem ([IO.Path]::GetTempPath()) -Filter 'ocitools-spool-*' -Force).ForEach{ $_.FullName })
        $random = [Random]::new(3)
        $held = 0
        try {
            # 48 MB that do not shrink
            sh -c 'mkdir "$1/root" && head -c 48000000 /dev/urandom > "$1/root/big" && tar -C "$1/root" -cf "$1/big.tar" big' sh $short
            $null = docker image import "$short/big.tar" killed/big:1
            $null = Copy-Image docker-daemon:killed/big:1 "oci:$short/layout:big" -ErrorAction Stop
            foreach ($i in 1..$times) {
                $own = @{ Folder = (New-Item -ItemType Directory "$short/$i").FullName; Teardown = $World.Teardown }
                $address = Start-Engine $own
                $isSave = $i % 2 -eq 0
                if ($isSave) { $null = docker -H $address image import "$short/big.tar" killed/big:1 }
                $ids = @(Get-Content "$($own.Folder)/docker.pid", "$($own.Folder)/docker-exec/containerd/containerd.pid" -ErrorAction Ignore)
                $killer = Start-ThreadJob { param($Ids, $After) Start-Sleep -Milliseconds $After; kill -9 $Ids } -ArgumentList $ids, $random.Next(20, 250)
                $from, $to = $isSave ? ('docker-daemon:killed/big:1', "docker-archive:$folder/x.tar") : ("oci:$short/layout:big", 'docker-daemon:killed/copy:1')
                $result = Use-Engine $address { Copy-Image $from $to -ErrorAction SilentlyContinue -ErrorVariable failure; $script:failures = @($failure) }
                $null = $killer | Receive-Job -Wait -AutoRemoveJob
                # either it was done before, or it says that it failed and nothing is there
                $isDone = $null -ne $result -and $script:failures.Count -eq 0
                if ($isDone -or ($null -eq $result -and $script:failures.Count -gt 0 -and -not (Get-ChildItem $folder -Force))) { $held++ }
                Remove-Item "$folder/*" -Force
            }
        }
        finally {
            foreach ($mount in (Get-Content /proc/mounts).ForEach{ $_.Split(' ')[1] }.Where{ $_.StartsWith("$short/") }) { umount -l $mount }
            rm -rf $short
            docker image rm -f killed/big:1 *> $null
        }
        Write-Host "C15, engines killed: tried $times, held $held"
        $held | Should -Be $times
        Get-ChildItem ([IO.Path]::GetTempPath()) -Filter 'ocitools-spool-*' -Force | Where-Object FullName -NotIn $spools | Should -BeNullOrEmpty
    }
}

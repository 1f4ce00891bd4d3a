BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    function Assert-OnlyNeeded([string] $Layout) {
        $index = Get-Content -Raw "$Layout/index.json" | ConvertFrom-Json -AsHashtable
        $needed = @(Get-NeededBlob $Layout $index.manifests | Sort-Object -Unique)
        (Get-ChildItem "$Layout/blobs/sha256" -File).Name | Sort-Object | Should -Be $needed
    }
}

Describe 'Clear-ImageStore and a layout' {
    It 'removes the blobs of an image that lost its name, and no others' {
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x"
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:arm" -Platform linux/arm64
        $files = @(Get-ChildItem "$layout/blobs/sha256" -File)
        Clear-ImageStore "oci:$layout" | Should -BeNullOrEmpty
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x" -Platform linux/arm64 -Force
        $removed = @(Clear-ImageStore "oci:$layout")
        Assert-OnlyNeeded $layout
        (Test-Image "oci:${layout}:x", "oci:${layout}:arm").Passed | Should -Be $true, $true
        $left = (Get-ChildItem "$layout/blobs/sha256" -File).Name
        $gone = @($files | Where-Object Name -NotIn $left)
        $removed.Digest | Sort-Object | Should -Be @($gone | ForEach-Object { "sha256:$($_.Name)" } | Sort-Object)
        ($removed | Measure-Object Size -Sum).Sum | Should -Be ($gone | Measure-Object Length -Sum).Sum
        $removed.Kind | Should -Not -Contain 'PartialBlob'
        $removed[0].Image | Should -BeExactly "oci:$layout@$($removed[0].Digest)"
    }

    It 'clears what skopeo and umoci leave, and leaves what they need' {
        Skip-Without Registry
        $layout = New-Layout
        $copy = 'skopeo', '--insecure-policy', 'copy', '-q'
        $null = & $copy[0] @($copy | Select-Object -Skip 1) --all "oci:$($World.Sample):1.0" "oci:${layout}:one"
        $null = & $copy[0] @($copy | Select-Object -Skip 1) --override-arch amd64 "oci:$($World.Sample):1.0" "oci:${layout}:two"
        Clear-ImageStore -LiteralPath $layout | Should -BeNullOrEmpty
        if (Get-Command umoci -CommandType Application -ErrorAction Ignore) { $null = umoci rm --image "${layout}:one" }
        else { $null = & $copy[0] @($copy | Select-Object -Skip 1) --override-arch amd64 "oci:$($World.Sample):1.0" "oci:${layout}:one" }
        $removed = @(Get-Item $layout | Clear-ImageStore)
        $removed.Count | Should -BeGreaterThan 2
        Assert-OnlyNeeded $layout
        Get-PeerDigest "oci:${layout}:two" | Should -BeExactly (Get-ImageDigest "oci:${layout}:two").Digest
        $null = & $copy[0] @($copy | Select-Object -Skip 1) "oci:${layout}:two" "dir:$(New-Layout)"
        $LASTEXITCODE | Should -Be 0
    }

    It 'lists with -WhatIf what it then removes, with the bytes, and changes nothing' {
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x"
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x" -Platform linux/arm64 -Force
        Remove-Item -Recurse -Force "$layout/.ocitools"
        $before = @(Get-ChildItem $layout -Recurse -Force).FullName
        $said = Get-WhatIf "Clear-ImageStore 'oci:$layout' -WhatIf"
        @(Get-ChildItem $layout -Recurse -Force).FullName | Should -Be $before
        $shown = @($said | ForEach-Object { if ($_ -match 'What if:.*Blob .*@(sha256:\w+), (\d+) bytes: nothing refers to it') { "$($Matches[1]) $($Matches[2])" } })
        $removed = @(Clear-ImageStore "oci:$layout")
        $shown | Should -Be @($removed | ForEach-Object { "$($_.Digest) $($_.Size)" })
        $removed.Count | Should -BeGreaterThan 2
    }

    It 'leaves what is young with -OlderThan' {
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x"
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x" -Platform linux/arm64 -Force
        Clear-ImageStore "oci:$layout" -OlderThan 1:00:00 | Should -BeNullOrEmpty
        Get-ChildItem "$layout/blobs/sha256" -File | ForEach-Object { $_.LastWriteTime = (Get-Date).AddHours(-2) }
        @(Clear-ImageStore "oci:$layout" -OlderThan 1:00:00).Count | Should -BeGreaterThan 2
    }

    It 'clears nothing of a layout that is damaged' {
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x"
        $lost = "$layout/blobs/sha256/$('a' * 64)"
        Set-Content $lost 'lost'
        $digest = (Get-ImageDigest "oci:${layout}:x").Digest
        [IO.File]::WriteAllText("$layout/blobs/sha256/$($digest.Substring(7))", '{}')
        Clear-ImageStore "oci:$layout" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'SizeMismatch,OciTools.Commands.ClearImageStoreCommand'
        $lost | Should -Exist
    }

    It 'says what is wrong with <Store>' -ForEach @(
        @{ Store = 'nginx'; Id = 'UnsupportedPlace' }, @{ Store = 'oci:{0}:1.0'; Id = 'UnsupportedPlace' }, @{ Store = 'oci:/nowhere'; Id = 'PathNotFound' }
        @{ Store = 'oci-archive:{1}'; Id = 'UnsupportedPlace' }, @{ Store = 'docker-daemon:nginx'; Id = 'UnsupportedPlace' }
    ) {
        Skip-Without OciArchive
        Clear-ImageStore ($Store -f $World.Sample, $World.OciArchive) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,OciTools.Commands.ClearImageStoreCommand"
    }

    It 'takes no condition that is none' {
        { Clear-ImageStore "oci:$($World.Sample)" -Filter 'size>3' } | Should -Throw -ErrorId 'InvalidFilter,OciTools.Commands.ClearImageStoreCommand'
    }
}

Describe 'Clear-ImageStore and <Engine>' -ForEach @(
    @{ Engine = 'Docker'; Client = { docker @args } }, @{ Engine = 'Podman'; Client = { $own = $World.PodmanArguments; podman @own @args } }
) {
    BeforeAll {
        $before = $env:DOCKER_HOST
        if ($World[$Engine]) { $env:DOCKER_HOST = $World[$Engine] }

        function Get-Id([string] $Name) { ([string](& $Client image inspect -f '{{.Id}}' $Name)) -replace '^sha256:' }

        # an image of one file, made by the engine itself: import gives one without a parent
        function New-Image([string] $Name, [string[]] $Change = @()) {
            $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName
            Set-Content "$folder/content" ([guid]::NewGuid())
            tar -C $folder -cf "$folder.tar" .
            $changes = @($Change | ForEach-Object { '-c', $_ })
            $id = @(& $Client import @changes "$folder.tar" @($Name | Where-Object { $_ }))[-1] -replace '^sha256:'
            $id
        }
    }
    AfterAll { $env:DOCKER_HOST = $before }

    # other tests need the nameless image of the fixture, so only those with a label go
    It 'removes images without a name, and those that they are built on' {
        Skip-Without $Engine
        $ours = @(1..2 | ForEach-Object { New-Image '' 'LABEL org.example.clear=yes' })
        $named = New-Image 'clearing/named:1' 'LABEL org.example.clear=yes'
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive "build-$Engine")).FullName
        Set-Content "$folder/Dockerfile" "FROM scratch`nLABEL org.example.clear=yes`nCOPY Dockerfile /a`nCOPY Dockerfile /b"
        $ours += @(& $Client build -q $folder)[-1] -replace '^sha256:'
        $all = @(& $Client images -a -q --no-trunc -f label=org.example.clear) -replace '^sha256:'
        $said = Get-WhatIf "Clear-ImageStore docker-daemon: -Filter label=org.example.clear -WhatIf"
        foreach ($id in $ours) { @($said -match "What if:.*Image docker-daemon:sha256:$id, \d+ bytes").Count | Should -Be 1 }
        & $Client image inspect @ours *> $null
        $LASTEXITCODE | Should -Be 0 -Because '-WhatIf removes nothing'

        $removed = @(Clear-ImageStore docker-daemon: -Filter label=org.example.clear)
        $removed.Digest | Sort-Object | Should -Be @($all | Where-Object { $_ -ne $named } | ForEach-Object { "sha256:$_" } | Sort-Object -Unique)
        $removed.Count | Should -Be @($said -match 'What if:').Count
        $removed.Count | Should -BeGreaterThan 3 -Because 'steps of a build are images too'
        foreach ($id in $removed.Digest) {
            & $Client image inspect $id *> $null
            $LASTEXITCODE | Should -Not -Be 0
        }
        Get-Id 'clearing/named:1' | Should -BeExactly $named
        Clear-ImageStore docker-daemon: -Filter label=org.example.clear | Should -BeNullOrEmpty
        $null = & $Client rmi clearing/named:1
    }

    It 'removes with -All each image that no container was made from, with all its names, and names the containers that do not run' {
        Skip-Without $Engine
        $many = New-Image 'clearing/many:1' 'LABEL org.example.clear=yes'
        & $Client tag $many clearing/many:2
        & $Client tag $many other.example.com/clearing/many:3
        $used = New-Image 'clearing/used:1' 'LABEL org.example.clear=yes'
        $kept = New-Image 'clearing/kept:1' 'LABEL org.example.clear=yes', 'LABEL org.example.keep='
        $null = & $Client create --name clearing-stopped clearing/used:1 /content
        $removed = @(Clear-ImageStore docker-daemon: -All -Filter kind=Image, label=org.example.clear, 'label!=org.example.keep' -WarningVariable warned -WarningAction SilentlyContinue)
        $removed.Digest | Should -BeExactly "sha256:$many"
        "$warned" | Should -Match 'clearing-stopped'
        & $Client image inspect clearing/many:1 *> $null
        $LASTEXITCODE | Should -Not -Be 0
        Get-Id 'clearing/used:1' | Should -BeExactly $used
        Get-Id 'clearing/kept:1' | Should -BeExactly $kept
        $null = & $Client rm clearing-stopped
        (Clear-ImageStore docker-daemon: -All -Filter 'reference=*clearing/used:*').Digest | Should -BeExactly "sha256:$used"
        Clear-ImageStore docker-daemon: -All -Filter 'reference=*clearing/kept:*' -OlderThan 1:00:00 | Should -BeNullOrEmpty
        (Clear-ImageStore docker-daemon: -All -Filter 'reference=*clearing/*').Digest | Should -Contain "sha256:$kept"
    }
}

Describe 'Clear-ImageStore and the build cache' {
    It 'removes the records that no build uses' {
        Skip-Without Docker
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'cache')).FullName
        Set-Content "$folder/Dockerfile" "FROM scratch`nCOPY content /a`nCOPY content /b"
        Set-Content "$folder/content" ([guid]::NewGuid())
        tar -C $folder -cf "$TestDrive/context.tar" .
        $listener = [Net.HttpListener]::new()
        . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
        $port = Get-FreePort
        $listener.Prefixes.Add("http://127.0.0.1:$port/")
        $listener.Start()
        $serving = $listener.GetContextAsync()
        $socket = $World.Docker -replace '^unix://'
        $building = Start-ThreadJob { param($Socket, $Port) curl -s --unix-socket $Socket -X POST "http://d/v1.41/build?version=2&remote=http://127.0.0.1:$Port/context.tar&t=clearing/cache:1" } -ArgumentList $socket, $port
        try {
            while ($building.State -in 'NotStarted', 'Running') {
                if (-not $serving.Wait(50)) { continue }
                $context = $serving.Result
                $bytes = [IO.File]::ReadAllBytes("$TestDrive/context.tar")
                $context.Response.ContentLength64 = $bytes.Length
                if ($context.Request.HttpMethod -eq 'GET') { $context.Response.OutputStream.Write($bytes) }
                $context.Response.Close()
                $serving = $listener.GetContextAsync()
            }
            $output = $building | Receive-Job
        }
        finally { $listener.Stop(); $building | Remove-Job -Force }
        $records = @((curl -s --unix-socket $socket http://d/v1.41/system/df | ConvertFrom-Json).BuildCache | Where-Object { $_ })
        if (-not $records) { Set-ItResult -Skipped -Because "the engine makes no build cache here: $("$output".Substring(0, [Math]::Min(300, "$output".Length)))"; return }
        $removed = @(Clear-ImageStore docker-daemon: -All -Filter kind=BuildCache)
        $removed.Digest | Sort-Object | Should -Be @($records.ID | Sort-Object)
        ($removed | Measure-Object Size -Sum).Sum | Should -Be ($records | Measure-Object Size -Sum).Sum
        @((curl -s --unix-socket $socket http://d/v1.41/system/df | ConvertFrom-Json).BuildCache | Where-Object { $_ }).Count | Should -Be 0
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $http = [Net.Http.HttpClient]::new()
    $empty = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'

    function Send-Request([string] $Method, [string] $Address, [byte[]] $Body, [string] $Type) {
        $request = [Net.Http.HttpRequestMessage]::new($Method, $Address)
        if ($Body) { $request.Content = [Net.Http.ByteArrayContent]::new($Body); $request.Content.Headers.ContentType = $Type }
        $null = $request.Headers.TryAddWithoutValidation('Accept', 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json')
        $http.Send($request)
    }
    function Push-Blob([string] $Repository, [string] $Text) {
        $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
        $digest = 'sha256:' + [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($bytes))
        $location = (Send-Request POST "http://$($World.Registry)/v2/$Repository/blobs/uploads/").Headers.Location
        if ((Send-Request PUT "$location&digest=$digest" $bytes 'application/octet-stream').StatusCode -ne 'Created') { throw 'The blob was not taken.' }
        $digest
    }
    # A manifest with some tags, written by hand; gives its digest.
    function Push-Manifest([string] $Repository, [string[]] $Tag, [string] $Json, [string] $Type = 'application/vnd.oci.image.manifest.v1+json') {
        $bytes = [Text.Encoding]::UTF8.GetBytes($Json)
        $digest = 'sha256:' + [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($bytes))
        foreach ($name in @($Tag) + $digest | Where-Object { $_ }) {
            if ((Send-Request PUT "http://$($World.Registry)/v2/$Repository/manifests/$name" $bytes $Type).StatusCode -ne 'Created') { throw 'The manifest was not taken.' }
        }
        $digest
    }
    function Push-Image([string] $Repository, [string[]] $Tag, [string] $Seed = [guid]::NewGuid()) {
        Push-Manifest $Repository $Tag "{`"schemaVersion`":2,`"mediaType`":`"application/vnd.oci.image.manifest.v1+json`",`"config`":{`"mediaType`":`"application/vnd.oci.empty.v1+json`",`"digest`":`"$empty`",`"size`":2},`"layers`":[],`"annotations`":{`"seed`":`"$Seed`"}}"
    }
    function Push-Index([string] $Repository, [string[]] $Tag, [string[]] $Child) {
        $entries = foreach ($digest in $Child) {
            $size = (Send-Request HEAD "http://$($World.Registry)/v2/$Repository/manifests/$digest").Content.Headers.ContentLength
            "{`"mediaType`":`"application/vnd.oci.image.manifest.v1+json`",`"digest`":`"$digest`",`"size`":$size}"
        }
        Push-Manifest $Repository $Tag "{`"schemaVersion`":2,`"mediaType`":`"application/vnd.oci.image.index.v1+json`",`"manifests`":[$($entries -join ',')]}" 'application/vnd.oci.image.index.v1+json'
    }
    function New-Repository { $name = "removing/$([guid]::NewGuid().ToString('n'))"; $null = Push-Blob $name '{}'; $name }

    # What each tag stands for, asked of the registry itself.
    function Get-Tag([string] $Repository) {
        $tags = @{}
        foreach ($tag in ((Send-Request GET "http://$($World.Registry)/v2/$Repository/tags/list").Content.ReadAsStringAsync().Result | ConvertFrom-Json).tags) {
            $answer = Send-Request HEAD "http://$($World.Registry)/v2/$Repository/manifests/$tag"
            if ($answer.IsSuccessStatusCode) { $tags[$tag] = @($answer.Headers.GetValues('Docker-Content-Digest'))[0] }
        }
        $tags
    }
    function Test-Manifest([string] $Repository, [string] $Digest) { (Send-Request HEAD "http://$($World.Registry)/v2/$Repository/manifests/$Digest").IsSuccessStatusCode }
}
AfterAll { $http.Dispose() }

Describe 'Remove-Image from a registry' {
    It 'loses no tag that was not named, in many cases of shared digests' {
        Skip-Without Registry
        $tried = $World['Slow'] ? 50 : 12
        $random = [Random]::new(4)
        $cases = foreach ($n in 1..$tried) {
            $repository = New-Repository
            $count = 0
            $digests = foreach ($i in 1..(1 + $random.Next(3))) { Push-Image $repository (1..(1 + $random.Next(3)) | ForEach-Object { "t$n-$(($count++))" }) }
            if ($random.Next(2)) { $null = Push-Index $repository "multi$n" $digests }
            $before = Get-Tag $repository
            $named = @($before.Keys | Sort-Object | Where-Object { $random.Next(2) })
            if (-not $named) { $named = @($before.Keys | Sort-Object | Select-Object -First 1) }
            @{ Repository = $repository; Before = $before; Named = $named }
        }
        $names = foreach ($case in $cases) { foreach ($tag in $case.Named) { "$($World.Registry)/$($case.Repository):$tag" } }
        $gone = $names | Remove-Image -Confirm:$false -ErrorAction Stop
        $held = 0
        foreach ($case in $cases) {
            $after = Get-Tag $case.Repository
            $lost = @($case.Before.Keys | Where-Object { $_ -notin $case.Named -and $after[$_] -ne $case.Before[$_] })
            $left = @($case.Named | Where-Object { $after.ContainsKey($_) })
            if ($lost -or $left) { Write-Host "$($case.Repository): lost $lost, left $left" } else { $held++ }
        }
        Write-Host "F4 removals from docker-registry: tried $tried, held $held"
        $held | Should -Be $tried
        @($gone).Count | Should -Be @($names).Count
        $gone | Where-Object { -not $_.IsGone } | Should -BeNullOrEmpty
    }

    It 'removes a tag alone, and says what the same list would be with -WhatIf' {
        Skip-Without Registry
        $repository = New-Repository
        $digest = Push-Image $repository '1.0', 'latest'
        $null = Push-Image $repository '2.0'
        $said = Get-WhatIf "Remove-Image '$($World.Registry)/${repository}:1.0', '$($World.Registry)/${repository}:2.0' -WhatIf"
        @($said -match '^What if:').Count | Should -Be 2
        $said | Should -HaveCount 2
        "$said" | Should -Match "1\.0, the tag alone: $digest stays for \S+:latest"
        "$said" | Should -Match '2\.0, with the manifest sha256:\w+, which nothing else names'
        (Get-Tag $repository).Count | Should -Be 3
        $gone = Remove-Image "$($World.Registry)/${repository}:1.0" -Confirm:$false
        $gone.Image, "$($gone.Kind)", $gone.Digest, $gone.IsGone, $gone.IsImageGone, "$gone" | Should -Be "$($World.Registry)/${repository}:1.0", 'Tag', $digest, $true, $false, $gone.Image
        (Get-Tag $repository).Keys | Sort-Object | Should -Be '2.0', 'latest'
    }

    It 'removes a manifest with the last of its tags' {
        Skip-Without Registry
        $repository = New-Repository
        $digest = Push-Image $repository '1.0', '1'
        $gone = "$($World.Registry)/${repository}:1", "$($World.Registry)/${repository}:1.0@$digest" | Remove-Image -Confirm:$false
        $gone.IsImageGone | Should -Be $true, $true
        Test-Manifest $repository $digest | Should -BeFalse
    }

    It 'keeps the children of an index that stays' {
        Skip-Without Registry
        $repository = New-Repository
        $child = Push-Image $repository 'arm'
        $null = Push-Index $repository 'multi' $child
        (Remove-Image "$($World.Registry)/${repository}:arm" -Confirm:$false).IsImageGone | Should -BeFalse
        Test-Manifest $repository $child | Should -BeTrue
        (Get-Tag $repository).Keys | Should -Be 'multi'
    }

    It 'removes a tag with its digest only where it still stands for it' {
        Skip-Without Registry
        $repository = New-Repository
        $old = Push-Image $repository '1.0', 'old'
        $new = Push-Image $repository '1.0'
        Remove-Image "$($World.Registry)/${repository}:1.0@$old" -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagMoved,OciTools.Commands.RemoveImageCommand'
        (Get-Tag $repository)['1.0'] | Should -BeExactly $new
        (Remove-Image "$($World.Registry)/${repository}:1.0@$new" -Confirm:$false).IsGone | Should -BeTrue
    }

    It 'removes a manifest that other names need only with -Force, whatever -Confirm says' {
        Skip-Without Registry
        $repository = New-Repository
        $digest = Push-Image $repository '1.0', 'latest'
        $name = "$($World.Registry)/${repository}@$digest"
        $said = Invoke-FreshPwsh "Import-Module '$($World.ModulePath)/OciTools.psd1'; Remove-Image '$name' -Confirm:`$false -ErrorVariable e -ErrorAction SilentlyContinue; `$e.FullyQualifiedErrorId; `$e[0].TargetObject; `$e[0].Exception.Message"
        $said[0] | Should -BeExactly 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand'
        $said[1] | Should -BeExactly $name
        $said[2] | Should -Match '1\.0.*latest'
        (Get-Tag $repository).Count | Should -Be 2
        $gone = Remove-Image $name -Force -Confirm:$false
        "$($gone.Kind)", @($gone.AlsoLost).Count | Should -Be 'Manifest', 2
        (Get-Tag $repository).Count | Should -Be 0
    }

    It 'asks, and says so where nobody can be asked' {
        Skip-Without Registry
        $repository = New-Repository
        $null = Push-Image $repository '1.0'
        $said = Invoke-FreshPwsh "Import-Module '$($World.ModulePath)/OciTools.psd1'; Remove-Image '$($World.Registry)/${repository}:1.0' -ErrorVariable e -ErrorAction SilentlyContinue; `$e.FullyQualifiedErrorId"
        $said | Should -BeExactly 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand'
        (Get-Tag $repository).Count | Should -Be 1
    }

    It 'replaces no tag with -NoReplace, and none where the registry deletes nothing' {
        Skip-Without Registry
        $repository = New-Repository
        $null = Push-Image $repository '1.0', 'latest'
        Remove-Image "$($World.Registry)/${repository}:1.0" -NoReplace -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'RemovalNotOffered,OciTools.Commands.RemoveImageCommand'
        (Get-Tag $repository).Count | Should -Be 2

        . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
        $port = Get-FreePort
        $file = Join-Path $World.Folder 'undeleting.yml'
        (Get-Content -Raw (Join-Path $World.Folder 'registry.yml')) -replace 'enabled: true', 'enabled: false' -replace 'addr: \S+', "addr: 127.0.0.1:$port" | Set-Content $file
        $process = Start-Server $World 'undeleting' 'docker-registry' @('serve', $file)
        Wait-Server 'undeleting' $process { (Invoke-WebRequest "http://127.0.0.1:$port/v2/" -NoProxy).StatusCode -eq 200 } | Should -BeTrue
        foreach ($tag in '1.0', 'latest') {
            Remove-Image "127.0.0.1:$port/${repository}:$tag" -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'RemovalNotOffered,OciTools.Commands.RemoveImageCommand'
        }
        $process.Kill()
        (Get-Tag $repository).Values | Sort-Object -Unique | Should -HaveCount 1
    }

    It 'keeps the newest of a repository when it is composed' {
        Skip-Without Registry
        $repository = New-Repository
        foreach ($n in 1..6) {
            $text = "{`"architecture`":`"amd64`",`"os`":`"linux`",`"created`":`"2024-01-0${n}T00:00:00Z`",`"rootfs`":{`"type`":`"layers`",`"diff_ids`":[]},`"config`":{}}"
            $config = Push-Blob $repository $text
            $tags = $n -eq 2 ? @("v$n", 'stable') : @("v$n")
            $null = Push-Manifest $repository $tags "{`"schemaVersion`":2,`"mediaType`":`"application/vnd.oci.image.manifest.v1+json`",`"config`":{`"mediaType`":`"application/vnd.oci.image.config.v1+json`",`"digest`":`"$config`",`"size`":$($text.Length)},`"layers`":[]}"
        }
        $old = Get-ImageTag "$($World.Registry)/$repository" v* -Detailed | Where-Object Created | Sort-Object Created -Descending | Select-Object -Skip 3
        ($old | Remove-Image -Confirm:$false).Image -replace '.*:' | Sort-Object | Should -Be 'v1', 'v2', 'v3'
        (Get-Tag $repository).Keys | Sort-Object | Should -Be 'stable', 'v4', 'v5', 'v6'
    }

    It 'says what is wrong with a name, and goes on' {
        Skip-Without Registry
        $repository = New-Repository
        $null = Push-Image $repository 'a', 'b'
        $gone = "$($World.Registry)/${repository}:none", 'No/Name', "$($World.Registry)/${repository}:a", "oci-archive:$($World.OciArchive):multi" |
            Remove-Image -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        $gone.Image | Should -BeExactly "$($World.Registry)/${repository}:a"
        $failure.FullyQualifiedErrorId -replace ',.*' | Sort-Object | Should -Be 'ImageNotFound', 'InvalidImageName', 'UnsupportedPlace'
    }
}

Describe 'Remove-Image from a layout' {
    BeforeEach {
        $layout = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:one"
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:two"
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:arm" -Platform linux/arm64
        $index = Get-Content -Raw "$layout/index.json" | ConvertFrom-Json -AsHashtable
        $index['org.example.kept'] = 1
        $index | ConvertTo-Json -Depth 20 | Set-Content "$layout/index.json"
    }
    It 'removes an entry without a question, and leaves the blobs and all else' {
        $blobs = (Get-ChildItem "$layout/blobs/sha256").Name
        $gone = Remove-Image "oci:${layout}:one"
        "$($gone.Kind)", $gone.Image, $gone.IsGone | Should -Be 'Entry', "oci:${layout}:one", $true
        (Get-Content -Raw "$layout/index.json" | ConvertFrom-Json).manifests.annotations.'org.opencontainers.image.ref.name' | Should -Be 'two', 'arm'
        (Get-Content -Raw "$layout/index.json" | ConvertFrom-Json).'org.example.kept' | Should -Be 1
        (Get-ChildItem "$layout/blobs/sha256").Name | Should -Be $blobs
        Get-PeerDigest "oci:${layout}:two" | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
        Get-WhatIf "Remove-Image 'oci:${layout}:two' -WhatIf" | Should -Match '^What if: .*two.*stay until Clear-ImageStore'
        (Remove-Image "oci:${layout}:two" -NoReplace).Image | Should -BeExactly "oci:${layout}:two"
    }
    It 'removes by digest all entries, with -Force where some were not named, and no part of an index' {
        $digest = (Get-ImageDigest "oci:${layout}:one").Digest
        $said = Invoke-FreshPwsh "Import-Module '$($World.ModulePath)/OciTools.psd1'; Remove-Image 'oci:${layout}@$digest' -ErrorVariable e -ErrorAction SilentlyContinue; `$e.FullyQualifiedErrorId"
        $said | Should -BeExactly 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand'
        (Remove-Image "oci:${layout}@$digest" -Force).IsGone | Should -Be $true, $true
        (Get-Image -LiteralPath $layout).Tag | Should -Be 'arm'
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:again"
        $child = (Get-ImageManifest "oci:${layout}:again").Manifests[0].Digest
        Remove-Image "oci:${layout}@$child" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.RemoveImageCommand'
    }
    It 'asks about what is on this computer where it is wanted' {
        $said = Invoke-FreshPwsh "Import-Module '$($World.ModulePath)/OciTools.psd1'; Remove-Image 'oci:${layout}:one' -Confirm -ErrorVariable e -ErrorAction SilentlyContinue; `$e.FullyQualifiedErrorId; `$ConfirmPreference = 'Medium'; Remove-Image 'oci:${layout}:one' -ErrorVariable e -ErrorAction SilentlyContinue; `$e.FullyQualifiedErrorId"
        $said | Should -BeExactly 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand', 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand'
        (Get-Image -LiteralPath $layout).Tag | Should -Contain 'one'
    }
    It 'leaves to clearing what nothing needs any more' {
        $null = "oci:${layout}:one", "oci:${layout}:two" | Remove-Image
        $null = Clear-ImageStore "oci:$layout" -Confirm:$false
        Test-Image "oci:${layout}:arm" -Quiet | Should -BeTrue
        (Get-ChildItem "$layout/blobs/sha256").Count | Should -BeLessThan 10
    }
}

Describe 'Remove-Image from an engine' {
    It 'removes names, and the image with the last, from <Key>' -ForEach @{ Key = 'Docker' }, @{ Key = 'Podman' } {
        Skip-Without $Key, Docker, App
        $env:DOCKER_HOST = $World[$Key]
        try {
            foreach ($name in 'removing/one:1', 'removing/one:2', 'removing/two:1', 'removing/two:2') { $null = Copy-Image "oci:$($World.Sample):1.0" "docker-daemon:$name" -Platform linux/amd64 -ErrorAction Stop }
            $id = (Get-Image removing/*).ImageId | Sort-Object -Unique
            $id | Should -HaveCount 1
            $gone = Remove-Image docker-daemon:removing/one:1
            "$($gone.Kind)", $gone.IsGone, $gone.IsImageGone | Should -Be 'Tag', $true, $false
            $said = Invoke-FreshPwsh "Import-Module '$($World.ModulePath)/OciTools.psd1'; Remove-Image 'docker-daemon:$id', docker-daemon:removing/one:2 -ErrorVariable e -ErrorAction SilentlyContinue; `$e.FullyQualifiedErrorId; `$e[0].Exception.Message"
            $said[0] | Should -BeExactly 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand'
            "$said" | Should -Match 'removing/two:1'
            (Get-Image removing/*).Count | Should -Be 3
            (Remove-Image docker-daemon:removing/one:2, docker-daemon:removing/two:1).IsGone | Should -Be $true, $true
            $gone = Remove-Image "docker-daemon:$id" -Force
            "$($gone.Kind)", $gone.IsGone | Should -Be 'Image', $true
            # other tests may have given the image more names
            "$($gone.AlsoLost)" | Should -Match 'removing/two:2'
            Get-Image removing/* | Should -BeNullOrEmpty
        }
        finally { $env:DOCKER_HOST = $World.Docker }
    }
    It 'keeps an image that a container needs, without -Force' {
        Skip-Without Docker
        $env:DOCKER_HOST = $World.Docker
        try {
            $null = Copy-Image "oci:$($World.Sample):1.0" docker-daemon:removing/used:1 -Platform linux/amd64 -ErrorAction Stop
            docker create --name removing-used --network host removing/used:1 true *> $null
            $LASTEXITCODE | Should -Be 0
            Remove-Image docker-daemon:removing/used:1 -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageInUse,OciTools.Commands.RemoveImageCommand'
            $failure[0].Exception.Message | Should -Match 'container'
            (Remove-Image docker-daemon:removing/used:1 -Force).IsGone | Should -BeTrue
        }
        finally {
            docker rm removing-used *> $null
            $env:DOCKER_HOST = $World.Docker
        }
    }
    It 'says that an image is not there' {
        Skip-Without Docker
        $env:DOCKER_HOST = $World.Docker
        try { Remove-Image docker-daemon:no/such:1 -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty }
        finally { $env:DOCKER_HOST = $World.Docker }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.RemoveImageCommand'
    }
}

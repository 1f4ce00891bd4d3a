BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
    $multi = @(Get-MultiPlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    if ($World['App']) { $rows = @(docker history --no-trunc --human=false --format '{{json .}}' fixture/app:1.0 | ConvertFrom-Json -DateKind String) }
}

Describe 'Get-ImageHistory' {
    It 'gives the rows of docker history for the image in <Place>' -ForEach $app {
        Skip-Without App, $Key
        $history = @(Get-ImageHistory $Name)
        $history.Count | Should -Be $rows.Count
        # docker history prints a tab as a space
        $history.CreatedBy | ForEach-Object { $_.Replace("`t", ' ') } | Should -Be $rows.CreatedBy
        # and dates without fractions of a second
        $history.Created | ForEach-Object { $_.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss') } |
            Should -Be @($rows.CreatedAt | ForEach-Object { [datetimeoffset]::Parse($_).UtcDateTime.ToString('yyyy-MM-ddTHH:mm:ss') })
    }

    It 'joins rows and layers of the image in <Place>' -ForEach ($app | Where-Object Place -Match 'registry|layout') {
        Skip-Without App, $Key
        $history = @(Get-ImageHistory $Name)
        $layers = (Get-PeerRaw "docker://$($World.Registry)/fixture/app:1.0").layers
        $joined = @($history | Where-Object { $null -ne $_.Layer })
        $joined.Count | Should -Be $layers.Count
        $joined.Layer | Should -Be @(($layers.Count - 1)..0)
        $joined.DiffId | Should -Be @((docker image inspect -f '{{join .RootFS.Layers "\n"}}' fixture/app:1.0)[($layers.Count - 1)..0])
        if ($Place -ne 'registry, OCI manifest') {
            $joined.Digest | Should -Be @($layers.digest[($layers.Count - 1)..0])
            $joined.Size | Should -Be @($layers.size[($layers.Count - 1)..0])
        }
        ($history | Where-Object { $null -eq $_.Layer }).Size | Sort-Object -Unique | Should -Be 0
    }

    It 'gives the sizes of docker history for the image in the engine' {
        Skip-Without App
        (Get-ImageHistory docker-daemon:fixture/app:1.0).EngineSize | Should -Be @($rows.Size | ForEach-Object { [long]$_ })
    }

    It 'gives the rows of an image that no engine has ever seen, from <Place>' -ForEach $multi {
        Skip-Without Registry, $Key
        $history = @(Get-ImageHistory $Name -Platform linux/arm64)
        $config = Get-PeerConfig $Peer arm64
        $child = Get-PeerChild $Peer arm64
        [array]::Reverse($config.history)
        $history.CreatedBy | Should -Be $config.history.created_by
        $history.Created.ToUniversalTime() | Sort-Object -Unique | Should -Be ([datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc))
        $joined = @($history | Where-Object { $null -ne $_.Layer })
        $joined.CreatedBy | Should -Be @($config.history | Where-Object { -not $_['empty_layer'] }).created_by
        $joined.Digest | Should -Be $child.layers.digest[2..0]
        $joined.DiffId | Should -Be $config.rootfs.diff_ids[2..0]
    }

    It 'gives the rows of podman history' {
        Skip-Without App, Podman
        $engine = @('podman') + $World.PodmanArguments
        $peer = & $engine[0] @($engine | Select-Object -Skip 1) history --no-trunc --format json localhost/fixture/app:1.0 | ConvertFrom-Json -AsHashtable -DateKind String
        $env:DOCKER_HOST = $World.Podman
        try { $history = @(Get-ImageHistory docker-daemon:localhost/fixture/app:1.0) } finally { $env:DOCKER_HOST = $World.Docker }
        $history.CreatedBy | Should -Be @($peer | ForEach-Object { $_['CreatedBy'] })
    }
}

BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'Compare-Image' {
    It 'finds nothing between the same image in two places' {
        Skip-Without App
        Compare-Image docker-daemon:fixture/app:1.0 "$($World.Registry)/fixture/app:1.0" -IncludeTime | Should -BeNullOrEmpty
        Compare-Image "docker-archive:$($World.SaveArchive)" "$($World.Registry)/fixture/app:1.0" -Show Config, File | Should -BeNullOrEmpty
    }

    It 'finds what a conversion to an OCI config loses' {
        Skip-Without App
        $differences = @(Compare-Image "docker-archive:$($World.SaveArchive)" "oci:$($World.Layout):app" -Show Config, File)
        $differences.Name | Should -Be 'Healthcheck.Test', 'Healthcheck.Interval', 'Healthcheck.Timeout', 'Healthcheck.Retries'
        $differences.Change | Sort-Object -Unique | Should -Be 'Removed'
    }

    It 'finds what a further layer and instruction changed' {
        Skip-Without App
        $differences = @(Compare-Image docker-daemon:fixture/app:1.0 docker-daemon:fixture/derived:1.0)
        $files = @($differences | Where-Object Kind -EQ File)
        $files.FilePath | Should -Be '/etc', '/etc/motd'
        $files.Change | Should -Be 'Added', 'Added'
        $top = @(Get-ImageLayer docker-daemon:fixture/derived:1.0)[-1]
        $files[1].Layer | Should -Be $top.Layer
        $files[1].CreatedBy | Should -BeExactly $top.CreatedBy
        $files[1].DifferenceSize | Should -Be 8
        ($differences | Where-Object Kind -EQ Layer).Name | Should -BeExactly $top.DiffId
        $user = $differences | Where-Object { $_.Kind -eq 'Config' -and $_.Name -eq 'User' }
        $user.ReferenceValue, $user.DifferenceValue | Should -Be '1000:1000', '0'
        @($differences | Where-Object Kind -EQ History).Change | Should -Be 'Added', 'Added'
    }

    It 'sees the other way round what is gone' {
        Skip-Without App
        $files = @(Compare-Image docker-daemon:fixture/derived:1.0 docker-daemon:fixture/app:1.0 -Show File)
        $files.Change | Should -Be 'Removed', 'Removed'
        $files.Kind | Sort-Object -Unique | Should -Be 'File'
    }

    It 'tells a layer that is only stored in another way from another one' {
        Skip-Without App
        $zstd = Join-Path $TestDrive 'zstd'
        $null = skopeo --insecure-policy copy -q --src-tls-verify=false --dest-compress-format zstd "docker://$($World.Registry)/fixture/app:oci" "oci:${zstd}:app"
        $differences = @(Compare-Image "$($World.Registry)/fixture/app:oci" "oci:${zstd}:app")
        $differences.Kind | Sort-Object -Unique | Should -Be 'Layer'
        $differences.Change | Sort-Object -Unique | Should -Be 'Changed'
        $differences.Aspects | Sort-Object -Unique | Should -Be 'Digest'
        $differences.Name | Should -Be (Get-ImageLayer "oci:${zstd}:app").DiffId
    }

    It 'compares content, mode and owner of files, and times when asked' {
        Skip-Without UmociLayout
        $layout = Join-Path $TestDrive 'umoci'
        $tree = (New-Item -ItemType Directory (Join-Path $TestDrive 'tree')).FullName
        foreach ($name in 'content', 'mode', 'time') { Set-Content (Join-Path $tree $name) 'old' }
        touch -d '2020-01-01 00:00:00 UTC' "$tree/content" "$tree/mode" "$tree/time"
        $null = umoci init --layout $layout
        $null = umoci new --image "${layout}:old"
        $null = umoci insert --image "${layout}:old" $tree /srv
        Set-Content (Join-Path $tree 'content') 'new'
        chmod 600 "$tree/mode"
        touch -d '2020-01-01 00:00:00 UTC' "$tree/content" "$tree/mode"
        touch -d '2021-01-01 00:00:00 UTC' "$tree/time"
        $null = umoci insert --image "${layout}:old" --tag new $tree /srv
        $files = @(Compare-Image "oci:${layout}:old" "oci:${layout}:new" -Show File)
        $files.FilePath | Should -Be '/srv/content', '/srv/mode'
        $files.Aspects | Should -Be 'Content', 'Mode'
        $files.Layer | Should -Be 1, 1
        $time = Compare-Image "oci:${layout}:old" "oci:${layout}:new" -Show File -IncludeTime | Where-Object FilePath -EQ '/srv/time'
        $time.Aspects | Should -Be 'Time'
    }

    It 'is a table of a line for each, at most 100 wide' {
        Skip-Without App
        $PSStyle.OutputRendering = 'PlainText'
        $found = @(Compare-Image docker-daemon:fixture/app:1.0 docker-daemon:fixture/derived:1.0)
        $lines = ($found | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ }
        $lines.Count | Should -Be ($found.Count + 2)
        $lines | Where-Object Length -GT 100 | Should -BeNullOrEmpty
    }
}
